"""What analysts read: views with stable names, the questions that they ask, and files of both.

A relationship is a ``pair`` number here, the position of its opening in the log. No view, question or file names a
relationship, a person, a calendar entry or a programme's secret; figures that rest on what was confided are told of
five relationships or more, or not at all.
"""
