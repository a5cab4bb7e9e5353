"""What can go wrong in a way that a person can mend."""


class BedError(Exception):
    """A reason in one or more lines, and the log that tells more."""

    def __init__(self, reason, log=None):
        super().__init__(reason)
        self.log = log

    def tail(self, lines=30):
        """The end of the log, indented, or nothing."""
        if self.log is None or not self.log.exists():
            return ""
        end = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"the end of {self.log}:", *("    " + line for line in end)])
