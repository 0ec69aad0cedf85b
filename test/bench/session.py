"""A psql session that stays open and times statements.

The time is psql's own (\\timing): from sending a statement to having its
result, without the start of a process or of a connection.  On a machine that
others use too, Session.count_cpu makes it the time that the server's process
was running, as Linux counts it; that is not the time of parallel workers.
"""

import os
import re
import subprocess


class StatementFailed(Exception):
    pass


class Session:
    """One connection; the environment says where the server is."""

    DONE = "-- statement is done --"
    count_cpu = False

    def __init__(self, *settings):
        self.pid = None
        self.process = subprocess.Popen(
            [os.path.join(os.environ["BINDIR"], "psql"),
             "-X", "-q", "-A", "-t", "-F", "\t", "-P", "pager=off"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.run("\\timing on")
        self.run("SET client_min_messages = warning")
        for setting in settings:
            self.run("SET " + setting)
        self.pid = int(self.rows("SELECT pg_backend_pid()")[0][0])

    def _converse(self, statement):
        """Sends a statement; gives its lines of output and its milliseconds."""
        if not statement.startswith("\\"):
            statement += ";"
        self.process.stdin.write(
            f"{statement}\n\\timing off\nSELECT '{self.DONE}';\n\\timing on\n")
        self.process.stdin.flush()
        lines = []
        milliseconds = None
        for line in self.process.stdout:
            line = line.rstrip("\n")
            if line == self.DONE:
                break
            time = re.match(r"Time: ([0-9.]+) ms", line)
            if time:
                milliseconds = float(time.group(1))
            else:
                lines.append(line)
        else:
            raise StatementFailed("the connection was lost: " + "\n".join(lines))
        if any(line.startswith("ERROR:") for line in lines):
            raise StatementFailed("\n".join(lines) + f"\nin: {statement}")
        return lines, milliseconds

    def _cpu(self):
        with open(f"/proc/{self.pid}/schedstat") as counters:
            return int(counters.read().split()[0]) / 1e6

    def run(self, statement, serial=True):
        """Runs a statement; gives its milliseconds."""
        if not (self.count_cpu and serial and self.pid):
            return self._converse(statement)[1]
        before = self._cpu()
        self._converse(statement)
        return self._cpu() - before

    def rows(self, statement):
        """Runs a statement; gives its rows as lists of texts."""
        return [line.split("\t") for line in self._converse(statement)[0]]

    def start(self, statement):
        """Sends a statement and does not wait; finish() does."""
        self.process.stdin.write(f"{statement};\nSELECT '{self.DONE}';\n")
        self.process.stdin.flush()

    def finish(self):
        for line in self.process.stdout:
            if line.startswith("ERROR:"):
                raise StatementFailed(line)
            if line.rstrip("\n") == self.DONE:
                return

    def close(self):
        self.process.stdin.close()
        self.process.wait()
