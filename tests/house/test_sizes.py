"""Budgets taken from the codebases that are easiest to read."""

from statistics import median, quantiles

from tests.house.tree import functions, python_files, read, relative

FILE_LINES_MAX = 500
FILE_LINES_MEDIAN = 150
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_90TH = 30
FUNCTION_LINES_MEDIAN = 10
COMMENTS_PER_1000_LINES = 50
README_LINES_MAX = 200


def test_no_file_is_too_long_to_read_in_one_go() -> None:
    lengths = {relative(path): len(read(path).splitlines()) for path in python_files("src", "bench")}
    assert {name: n for name, n in lengths.items() if n > FILE_LINES_MAX} == {}


def test_the_median_file_is_short() -> None:
    assert median(len(read(path).splitlines()) for path in python_files("src")) <= FILE_LINES_MEDIAN


def test_no_function_is_too_long() -> None:
    too_long = [
        str(f)
        for f in functions(python_files("src", "bench", "tests", "scripts"))
        if f.length > FUNCTION_LINES_MAX
    ]
    assert too_long == []


def test_most_functions_are_short() -> None:
    lengths = [f.length for f in functions(python_files("src"))]
    assert median(lengths) <= FUNCTION_LINES_MEDIAN
    assert quantiles(lengths, n=10)[-1] <= FUNCTION_LINES_90TH


def test_comments_are_rare() -> None:
    lines = [line.strip() for path in python_files("src") for line in read(path).splitlines()]
    comments = sum(line.startswith("#") for line in lines)
    assert comments * 1000 <= COMMENTS_PER_1000_LINES * len(lines)


def test_no_banner_comments() -> None:
    banners = [
        f"{relative(path)}:{number}"
        for path in python_files("src", "tests", "bench", "scripts")
        for number, line in enumerate(read(path).splitlines(), 1)
        if line.strip().startswith(("###", "# ---", "# ===", "#---", "#==="))
    ]
    assert banners == []


def test_readme_fits_on_a_few_screens() -> None:
    from tests.house.tree import ROOT

    assert len(read(ROOT / "README.md").splitlines()) <= README_LINES_MAX
