# SQLite calls a function in Python, which calls a C function that writes to address 0.
#
# Signal: SIGSEGV
# Needs: sqlite3
# Stack: ffi_call <- (leaf) <- (crash) <- @_sqlite3 <- sqlite3_step <- @_sqlite3 <- (query) <- (main) <- (<module>) <- _start
import ctypes
import sqlite3


def leaf():
    return ctypes.memset(0, 1, 1)


def crash(value):
    return leaf()


def query(connection):
    return connection.execute("select crash(1)").fetchall()


def main():
    connection = sqlite3.connect(":memory:")
    connection.create_function("crash", 1, crash)
    query(connection)


main()
