"""Which occurrences a series has. Pure: seconds in, seconds out; no clock.

Three kinds of number, all in seconds since 1970: an *instant* is in UTC; a *wall* is what the clocks of a zone show, read
as if it were UTC; of an all-day series both are the midnight of a day. A *day* is a number of days since 1970.
"""
