"""What importing the package costs every program."""
import subprocess
import sys
import unittest


def printed(code):
    return subprocess.run([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE, universal_newlines=True,
                          check=True).stdout


class ImportTest(unittest.TestCase):
    def test_what_a_program_does_not_ask_for_is_not_imported(self):
        loaded = printed("import sys, pyfault; print(*sys.modules)").split()
        for name in ("dataclasses", "inspect", "json", "subprocess", "pyfault.crashes", "pyfault.hooks"):
            self.assertNotIn(name, loaded)

    def test_all_names_are_there(self):
        self.assertEqual(printed("import pyfault; print([n for n in pyfault.__all__ if not hasattr(pyfault, n)])"), "[]\n")

    def test_an_unknown_name_is_an_attribute_error(self):
        self.assertEqual(printed("import pyfault; print(hasattr(pyfault, 'no_such_name'))"), "False\n")


if __name__ == "__main__":
    unittest.main()
