"""The machine's clock and ids keep what `ports` promises."""

import re
import uuid
from pathlib import Path

from calferry.bootstrap.system import SystemClock, SystemIds, boot_id


def test_lease_time_never_goes_back() -> None:
    clock = SystemClock()
    readings = [clock.lease_ms() for _ in range(100)]
    assert readings == sorted(readings)


def test_boot_id_is_the_same_for_every_reader() -> None:
    assert SystemClock().boot_id() == SystemClock().boot_id() != ""


def test_a_machine_without_boot_id_has_a_name_instead(tmp_path: Path) -> None:
    assert boot_id(tmp_path / "missing") != ""


def test_ids_are_a_prefix_and_twenty_characters() -> None:
    assert re.fullmatch(r"cal_[a-z0-9]{20}", SystemIds().new("cal"))


def test_channel_ids_are_uuids_and_secrets_are_long() -> None:
    assert uuid.UUID(SystemIds().channel_id()).version == 4
    assert len(SystemIds().secret()) >= 43
