#!/usr/bin/env python3
"""Each checker must find what it is meant to find: here it runs on small bad samples."""
import os
import subprocess
import tempfile
import unittest

import agent_size
import glibc_floor
import include_direction
import layout_tables
import man_pages
import processor_folders
import signal_symbols
import stack_budget
import top_level
import version_texts


class Folder(unittest.TestCase):
    """A scratch directory tree for samples."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = scratch.name

    def write(self, path, text=""):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        return full

    def compile(self, text, *flags):
        source = self.write("sample.cc", text)
        output = os.path.join(self.root, "sample.cc.o")
        subprocess.run(["g++", "-O1", "-fPIC", *flags, source, "-o", output], check=True)
        return output


class IncludeDirection(Folder):
    def refuses(self, path, include):
        self.write(path, f"#include {include}\n")
        self.assertEqual(len(include_direction.check(self.root)), 1, f"{include} in {path}")

    def accepts(self, path, include):
        self.write(path, f"#include {include}\n")
        self.assertEqual(include_direction.check(self.root), [])

    def test_the_agent_never_includes_the_watchdog(self):
        self.write("watchdog/crash/crash.h")
        self.refuses("agent/attach.cc", '"watchdog/crash/crash.h"')

    def test_the_watchdog_never_includes_the_agent(self):
        self.write("agent/layouts.h")
        self.refuses("watchdog/app.cc", '"agent/layouts.h"')

    def test_shared_includes_nothing_of_ours(self):
        self.write("watchdog/os/pidfd.h")
        self.refuses("shared/ring_reader.cc", '"watchdog/os/pidfd.h"')

    def test_the_signal_side_includes_nothing_else_of_the_agent(self):
        self.write("agent/attach.h")
        self.refuses("agent/in_signal/crash_handler.cc", '"agent/attach.h"')

    def test_the_signal_side_includes_nothing_that_allocates(self):
        self.refuses("agent/in_signal/crash_handler.cc", "<string>")
        self.refuses("agent/in_signal/crash_handler.cc", "<stdio.h>")

    def test_the_signal_side_includes_freestanding_and_posix_headers(self):
        self.accepts("agent/in_signal/a.cc", "<atomic>")
        self.accepts("agent/in_signal/b.cc", "<sys/mman.h>")

    def test_a_formatter_knows_neither_asio_nor_spdlog_nor_the_system(self):
        self.write("watchdog/os/pidfd.h")
        for include in ("<boost/asio.hpp>", "<spdlog/spdlog.h>", '"watchdog/os/pidfd.h"'):
            self.refuses("watchdog/format/text.cc", include)

    def test_a_library_is_found_behind_every_spelling(self):
        self.refuses("watchdog/crash/decode.cc", "<boost/asio/io_context.hpp>")
        self.refuses("watchdog/crash/decode.cc", "<nlohmann/json.hpp>")

    def test_python_h_is_nowhere(self):
        for path in ("agent/attach.cc", "watchdog/app.cc", "tests/unit/agent/a_test.cc"):
            self.write(path, "#include <python3.11/Python.h>\n")
        self.assertEqual(len(include_direction.check(self.root)), 3)

    def test_an_include_is_written_from_the_root(self):
        self.write("shared/record.h")
        self.refuses("shared/ring_writer.cc", '"record.h"')

    def test_threads_stay_where_thread_sanitizer_looks(self):
        self.refuses("watchdog/format/text.cc", "<thread>")

    def test_the_log_s_writer_is_a_thread(self):
        self.accepts("watchdog/sink/async_writer.cc", "<thread>")

    def test_a_folder_without_a_rule_is_not_let_through(self):
        self.write("shared/record.h")
        self.assertIsNone(include_direction.rule_for("elsewhere/file.cc"))


class TopLevel(Folder):
    def test_a_stray_folder_is_named(self):
        self.write("notes/idea.txt")
        self.write("README.md")
        self.assertEqual(top_level.check(self.root), ["notes: not one of the agreed top-level entries"])


class ProcessorFolders(Folder):
    def problems(self):
        for name in processor_folders.FILES:
            self.write(f"agent/arch/x86_64/{name}", "REG_RIP AUDIT_ARCH_X86_64 asm")
        return processor_folders.check(self.root)

    def test_a_register_elsewhere_is_named(self):
        self.write("agent/in_signal/crash_handler.cc", "gregs[REG_RIP] = 0;")
        self.assertEqual(self.problems(), [f"agent/in_signal/crash_handler.cc: {word} belongs in agent/arch/NAME"
                                           for word in ("REG_RIP", "gregs")])

    def test_the_contract_and_the_record_are_looked_at_too(self):
        self.write("agent/arch/processor.h", "#if defined(__x86_64__)")
        self.write("shared/record.h", "#if defined(__x86_64__)")
        self.assertEqual(self.problems(), ["agent/arch/processor.h: __x86_64__ belongs in agent/arch/NAME"])

    def test_a_folder_that_lacks_a_file_is_named(self):
        self.write("agent/arch/riscv64/processor.h")
        self.assertEqual(len(self.problems()), 1)


class VersionTexts(Folder):
    def problems(self, readme, rows="{kLayout38}, {kLayout39}"):
        for name in ("v3_8.h", "v3_9.h"):
            self.write(f"agent/cpython/{name}")
        self.write("agent/cpython/versions.cc", rows)
        self.write("README.md", readme)
        return version_texts.check(self.root)

    def test_the_versions_that_have_a_header_are_named(self):
        self.assertEqual(self.problems("one agent for CPython 3.8 to 3.9."), [])

    def test_a_stale_text_is_named(self):
        self.write("watchdog/doctor/diagnosis.cc", '"use CPython\n3.8 to 3.9"')
        self.assertEqual(self.problems("CPython 3.8 to 3.7"), ["README.md: names CPython 3.8 to 3.7, the agent knows 3.8 to 3.9"])

    def test_a_readme_without_them_is_named(self):
        self.assertEqual(len(self.problems("many versions")), 1)

    def test_a_header_without_a_row_is_named(self):
        self.assertEqual(len(self.problems("CPython 3.8 to 3.9", rows="{kLayout38}")), 1)


class SignalSymbols(Folder):
    def test_a_forbidden_call_is_named(self):
        sample = self.compile("#include <stdlib.h>\nvoid* take() { return malloc(8); }", "-c")
        found = signal_symbols.check([sample], signal_symbols.allowed_symbols("_GLOBAL_OFFSET_TABLE_"))
        self.assertEqual(found, [f"{sample}: malloc is not in the allow-list"])

    def test_an_allowed_call_and_its_reason_pass(self):
        sample = self.compile("#include <string.h>\nvoid clear(void* p, size_t n) { memset(p, 0, n); }", "-c")
        self.assertEqual(signal_symbols.check([sample], signal_symbols.allowed_symbols("memset  # leaf\n")), [])

    def test_a_weak_reference_counts(self):
        sample = self.compile('extern "C" __attribute__((weak)) int maybe(); int f() { return maybe ? 1 : 0; }', "-c")
        self.assertEqual(signal_symbols.check([sample], {"_GLOBAL_OFFSET_TABLE_"}),
                         [f"{sample}: maybe is not in the allow-list"])


def call_graph(*functions, calls=()):
    """Writes a GCC call graph; each function is (name, bytes, kind)."""
    nodes = [f'node: {{ title: "{name}" label: "{name}()\\nagent/in_signal/walk.cc:1:1\\n{size} bytes ({kind})" }}'
             for name, size, kind in functions]
    edges = [f'edge: {{ sourcename: "{caller}" targetname: "{callee}" }}' for caller, callee in calls]
    return "\n".join(nodes + edges)


class StackBudget(unittest.TestCase):
    def problems(self, *functions, calls=()):
        handler = ("on_signal", 100, "static")
        present = functions if any(name == "on_signal" for name, *_ in functions) else [handler, *functions]
        return stack_budget.check([call_graph(*present, calls=calls)])

    def test_a_small_static_function_passes(self):
        self.assertEqual(self.problems(("f", 96, "static")), [])

    def test_a_variable_length_array_is_refused(self):
        self.assertIn("not static", self.problems(("f", 96, "dynamic"))[0])

    def test_the_signal_handler_has_the_smaller_limit_with_all_that_it_calls(self):
        functions = [("on_signal", 300, "static"), ("f", 300, "static")]
        self.assertEqual(self.problems(*functions), [])
        self.assertEqual(self.problems(*functions, calls=[("on_signal", "f")]),
                         ["600 bytes of stack, more than 512: on_signal() > f()"])

    def test_a_renamed_signal_handler_is_missed(self):
        self.assertIn("no such function", stack_budget.check([call_graph(("f", 96, "static"))])[0])

    def test_a_deep_chain_is_added_up(self):
        links = [(f"f{i}", 1000, "static") for i in range(5)]
        calls = [(f"f{i}", f"f{i + 1}") for i in range(4)]
        self.assertIn("5000 bytes", self.problems(*links, calls=calls)[0])

    def test_recursion_is_refused_also_through_others(self):
        pair = [("a", 16, "static"), ("b", 16, "static")]
        self.assertEqual(len(self.problems(*pair, calls=[("a", "b"), ("b", "a")])), 2)


class RealCallGraph(Folder):
    def test_what_gcc_writes_is_understood(self):
        sample = self.compile("int on_signal(int i) { volatile int v[400] = {}; return v[i]; }",
                              "-c", "-fcallgraph-info=su")
        with open(stack_budget.call_graph_beside(sample), encoding="utf-8") as graph:
            self.assertIn("more than 512: int on_signal(int)", stack_budget.check([graph.read()])[0])


class AgentSize(Folder):
    def test_a_need_for_libstdcxx_is_named(self):
        sample = self.compile("#include <string>\nvoid f(std::string& s) { s.append(\"a\"); }", "-shared")
        self.assertIn(f"{sample}: needs libstdc++.so.6", agent_size.check(sample))

    def test_too_many_bytes_are_named(self):
        sample = self.compile("int f() { return 1; }", "-shared")
        self.assertIn("more than 100", agent_size.check(sample, max_bytes=100)[0])


class GlibcFloor(Folder):
    NEW = "#include <dlfcn.h>\nvoid* f() { return dlsym(RTLD_DEFAULT, \"f\"); }"

    def test_a_version_that_an_old_libc_lacks_is_named(self):
        sample = self.compile(self.NEW, "-shared")
        self.assertEqual(glibc_floor.check(sample, "2.17"), [f"{sample}: dlsym is of GLIBC_2.34, later than 2.17"])
        self.assertEqual(glibc_floor.check(sample, "2.34"), [])

    def test_a_version_is_compared_by_number(self):
        self.assertTrue(glibc_floor.is_too_new("GLIBC_2.17", "2.5"))
        self.assertFalse(glibc_floor.is_too_new("GLIBC_2.2.5", "2.17"))

    def test_what_is_private_is_too_new(self):
        self.assertTrue(glibc_floor.is_too_new("GLIBC_PRIVATE", "2.17"))

    def test_a_library_that_may_be_missing_is_named(self):
        sample = self.compile("#include <string>\nvoid f(std::string& s) { s.append(\"a\"); }", "-shared")
        self.assertIn(f"{sample}: needs libstdc++.so.6", glibc_floor.check(sample, "2.36"))

    def test_a_static_program_asks_for_nothing(self):
        sample = self.compile("int main() {}", "-static")
        self.assertEqual(glibc_floor.check(sample, "2.17"), [])


class ManPages(Folder):
    PAGE = ".It Fl Fl log Ar FILE\n.It Fl f , Fl Fl follow\n.It Cm restart , stop\n.Ic [metrics]\n"

    def test_an_option_that_the_page_lacks_is_named(self):
        self.assertEqual(man_pages.missing_options("--log FILE, -f, --log-format FORMAT", self.PAGE), ["--log-format"])

    def test_a_key_or_a_command_that_the_page_lacks_is_named(self):
        self.assertEqual(man_pages.missing_words({"stop", "metrics", "listen"}, self.PAGE), ["listen"])

    def test_a_key_is_found_however_it_is_read(self):
        source = 'table.get("a", x); table.get_signal("b", y); get_size(table, "c", z); top.tables("d"); table("e");'
        self.assertEqual(man_pages.keys_in(source), set("abcde"))

    def test_an_event_that_the_page_lacks_is_found_by_name_and_message_id(self):
        one, other = "0" * 32, "1" * 32
        source = f'EventKind kKind = {{"start", "{one}",\n Severity::kInfo}};\nEventKind kCrashKind = {{"crash-loop", "{other}"'
        kinds = man_pages.kinds_in(source)
        self.assertEqual(kinds, {"start", "crash-loop", one, other})
        self.assertEqual(man_pages.missing_anywhere(kinds, f".It Cm start\n{one} {other}"), ["crash-loop"])

    def test_a_word_that_the_completion_lacks_is_named(self):
        self.assertEqual(man_pages.missing_anywhere({"start", "--all"}, "words='restart --all'"), ["start"])

    def test_a_page_that_is_set_wrongly_is_told(self):
        page = self.write("page.1", ".Dd November 23, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Bl -tag\n.nonsense\n")
        if man_pages.shutil.which("mandoc") or man_pages.shutil.which("groff"):
            self.assertTrue(man_pages.formatting_problems(page))


class LayoutTables(unittest.TestCase):
    def test_a_wrong_offset_is_named(self):
        ours = layout_tables.parse_tables("11 0 frame.previous 40\n")[(11, False)]
        self.assertEqual(layout_tables.compare("3.11", ours, {"frame.previous": 48}),
                         ["3.11: frame.previous: the table says 40, the headers 48"])

    def test_a_missing_field_is_named(self):
        self.assertEqual(len(layout_tables.compare("3.11", {}, {"frame.previous": 48})), 1)


if __name__ == "__main__":
    unittest.main()
