"""`%%timeline`: a whole cell of plain Python on the bench, then its picture and its sentence."""

from __future__ import annotations

import ast
import sys
import types
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class, output_can_be_silenced
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from semalab.log.excerpt import cut
from semalab.recording import run_program
from semalab.run import WRITERS, Run, suffix_of

LONGEST = 100_000  # characters of a cell's output that are shown; a notebook of megabytes opens slowly
_VALUE = "_timeline_value"  # holds the value of the cell's last expression while the cell runs
_AWAITS = "%%timeline runs the cell as a program of threads: put tasks into `async def main(): …` and lab.record(main)"


@magics_class
class TimelineMagics(Magics):
    """The cell magic `%%timeline`."""

    shell: InteractiveShell

    @magic_arguments()
    @argument("--clock", choices=("wall", "virtual"), default="wall", help="real threads, or the repeatable clock")
    @argument("--seed", type=int, default=0, help="chooses the schedule on the virtual clock (default: 0)")
    @argument("--timeout", type=float, default=30.0, help="seconds after which the run is stopped (default: 30)")
    @argument("--save", metavar="PATH", help=f"also write a file: {' '.join(WRITERS)}")
    @argument("--name", metavar="RUN", help="also keep the run under this name")
    @output_can_be_silenced
    @cell_magic
    def timeline(self, line: str, cell: str) -> Any:
        """Run the cell on the bench and show what its threads did.

        The cell is plain Python; its names stay defined afterwards, as those of any cell. First comes what it
        printed, then the timeline and its sentence, then the value of its last expression.
        """
        __tracebackhide__ = True
        options = parse_argstring(self.timeline, line)
        _check_name(options.name)
        if options.save:
            suffix_of(options.save)
        try:
            program, file = self._program(cell)
        except SyntaxError as error:
            if "outside" in error.msg and ("await" in error.msg or "async" in error.msg):
                error.msg += f"; {_AWAITS}"
            raise error.with_traceback(None) from None
        run = run_program(program, {}, clock=options.clock, seed=options.seed, timeout=options.timeout)
        value = self.shell.user_ns.pop(_VALUE, None)
        if options.name:
            self.shell.user_ns[options.name] = run
        self._show(run)
        if options.save:
            run.save(options.save)
        if run.exception is not None:
            raise _in_the_cell(run.exception, file)
        return value

    def _program(self, cell: str) -> tuple[types.FunctionType, str]:
        """The cell as a function that runs in the notebook's namespace, and the file its lines are found under.

        Lines count from the magic's own, as the notebook counts them.
        """
        source = "\n" + self.shell.transform_cell(cell)
        cell_result: Any = getattr(self.shell.displayhook, "exec_result", None)  # knows the number of this very cell
        number = getattr(cell_result, "execution_count", None) or self.shell.execution_count
        file = self.shell.compile.cache(source, number, raw_code=source)
        tree = ast.parse(source, file)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            kept = ast.Assign([ast.Name(_VALUE, ast.Store())], last.value)
            tree.body[-1] = ast.fix_missing_locations(ast.copy_location(kept, last))
        code = compile(tree, file, "exec", flags=self.shell.compile.flags, dont_inherit=True)
        return types.FunctionType(code, self.shell.user_ns, "cell"), file

    def _show(self, run: Run) -> None:
        sys.stdout.write(cut(run.output, LONGEST, lines=True))
        display(run)
        if hasattr(self.shell, "kernel"):  # a terminal, which cannot show the picture, has shown the sentence instead
            print(run.verdict)
        if run.note:
            print(run.note)


def _check_name(name: str | None) -> None:
    if name is not None and not name.isidentifier():
        raise UsageError(f"--name must be a name for a variable, got {name!r}")


def _in_the_cell(error: BaseException, file: str) -> BaseException:
    """The error, its traceback from the cell on: what is before is the lab's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    return error.with_traceback(trace or error.__traceback__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by `%load_ext semalab`."""
    shell.register_magics(TimelineMagics)
