"""A tile of a product of matrices, added up in SIMD registers.

BLAS looks at every call what to do, and copies matrices that ours are too small for; compilers do
not find such tiles by themselves: hence LLVM's vectors, by hand. The loop is the innermost one of
K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM Transactions on
Mathematical Software 34 (2008) 12, without the copies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.core.types.misc import CPointer
from numba.extending import intrinsic

_INT32 = ir.IntType(32)
# Terms in one turn of the loop, by bytes of a register: counting would keep the multipliers waiting
_UNROLLED = {64: 2, 32: 4}


def tile(
    n_rows: int, n_vectors: int, n_bytes: int, *, all_rows: bool = True, all_columns: bool = False
) -> Callable:
    """A part of a sum, for kernels: ``out[i:, j:] = (start + A B)[i:, j:]``.

    To be called with a tuple, i and j. The tuple: address of start, (R, N), which may be out, or
    one row for all; bytes from row to row of it, 0 for one row; address of A, (R, M); bytes from
    row to row of it, and from term to term; addresses of B, (M, N), and out, (R, N), both by rows;
    R; M; N.

    The part has ``n_rows`` and as many columns as ``n_vectors`` registers of ``n_bytes`` hold. They
    must be there, unless it may end with the last row or column. Every sum goes from start on term
    by term, wherever in the matrix it is made: the bits of a row do not depend on its place.
    """

    @intrinsic
    def make_tile(typing: Any, matrices: Any, i: Any, j: Any) -> tuple:
        def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            numbers, i, j = arguments
            start, start_row, A, row, term, B, out, R, M, N = cgutils.unpack_tuple(builder, numbers)
            scalar = context.get_data_type(matrices.types[0].dtype)
            code = _Code(builder, scalar, i.type, n_bytes)
            line, column = code.times(N, code.item), code.times(j, code.item)
            masks = [None] * n_vectors
            if not all_columns:
                masks = code.masks(builder.sub(N, j), n_vectors)
            rows = [code.number(r) for r in range(n_rows)]
            if not all_rows:  # the last one stands in for those behind it
                last = builder.sub(R, code.sum(i, 1))
                rows = [builder.select(builder.icmp_signed("<", r, last), r, last) for r in rows]

            def starts(matrix: Any, step: Any, column: Any) -> list:
                first = code.sum(code.address(matrix), code.times(i, step), column)
                return [code.sum(first, code.times(r, step)) for r in rows]

            # the compiler would compute each of these addresses from the one before
            value_rows = [code.unknown(address) for address in starts(A, row, 0)]

            def add_terms(n: int, state: list) -> list:
                term_at, vectors_at, *sums = state
                for _ in range(n):
                    vectors = code.load(vectors_at, masks)
                    values = [code.spread(code.sum(address, term_at)) for address in value_rows]
                    factors = [(value, vector) for value in values for vector in vectors]
                    sums = [code.multiply_add(*f, s) for f, s in zip(factors, sums, strict=True)]
                    term_at = code.unknown(code.sum(term_at, term))
                    vectors_at = code.sum(vectors_at, line)
                return [term_at, vectors_at, *sums]

            sums = [v for at in starts(start, start_row, column) for v in code.load(at, masks)]
            state = [code.number(0), code.sum(code.address(B), column), *sums]
            unrolled = _UNROLLED[n_bytes]
            for n, count in [(unrolled, builder.udiv), (1, builder.urem)]:
                turns = count(M, code.number(unrolled))
                state = code.repeat(turns, lambda s, n=n: add_terms(n, s), state)
            sums = state[2:]
            for r, address in enumerate(starts(out, line, column)):
                code.store(sums[r * n_vectors : (r + 1) * n_vectors], address, masks)
            return context.get_dummy_value()

        return types.void(matrices, i, j), write

    return make_tile


@intrinsic
def address(typing: Any, matrix: Any) -> tuple:
    """Where a matrix starts, by rows or by columns, for tiles."""
    return _address(matrix, "CF")


@intrinsic
def address_by_rows(typing: Any, matrix: Any) -> tuple:
    """Where a matrix starts that lies by rows."""
    return _address(matrix, "C")


def _address(matrix: Any, layouts: str) -> tuple:
    if matrix.layout not in layouts:
        raise TypingError("expected contiguous matrices, all but A by rows")

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(matrix)(context, builder, arguments[0]).data

    return CPointer(matrix.dtype)(matrix), write


class _Code:
    """Writes instructions: on addresses, which are integers, and on vectors of one register."""

    def __init__(self, builder: Any, scalar: Any, integer: Any, n_bytes: int) -> None:
        self._builder, self._scalar, self._integer = builder, scalar, integer
        self.item = 4 if isinstance(scalar, ir.FloatType) else 8
        self._lanes = n_bytes // self.item
        self._vector = ir.VectorType(scalar, self._lanes)
        self._align = ir.Constant(_INT32, self.item)
        self._zeros = ir.Constant(self._vector, [0.0] * self._lanes)

    def number(self, n: Any) -> Any:
        return ir.Constant(self._integer, n) if isinstance(n, int) else n

    def sum(self, *terms: Any) -> Any:
        total = self.number(terms[0])
        for term in terms[1:]:
            total = self._builder.add(total, self.number(term))
        return total

    def times(self, a: Any, b: Any) -> Any:
        return self._builder.mul(self.number(a), self.number(b))

    def address(self, pointer: Any) -> Any:
        return self._builder.ptrtoint(pointer, self._integer)

    def unknown(self, value: Any) -> Any:
        """The value, as the result of an empty piece of assembly."""
        kind = ir.FunctionType(self._integer, [self._integer])
        return self._builder.asm(kind, "", "=r,0", [value], side_effect=False)

    def repeat(self, turns: Any, turn: Callable, state: list) -> list:
        """A list of values, after so many turns that each make a new list of it."""
        before = self._builder.basic_block
        head, body, after = (self._builder.append_basic_block() for _ in range(3))
        self._builder.branch(head)
        self._builder.position_at_end(head)
        left, *values = phis = [self._builder.phi(value.type) for value in [turns, *state]]
        more = self._builder.icmp_signed("!=", left, self.number(0))
        self._builder.cbranch(more, body, after)
        self._builder.position_at_end(body)
        new = [self.sum(left, -1), *turn(values)]
        self._builder.branch(head)
        for phi, first, later in zip(phis, [turns, *state], new, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(later, body)
        self._builder.position_at_end(after)
        return values

    def masks(self, n_columns: Any, n_vectors: int) -> list:
        """For each vector, which of its lanes are among the columns that are left."""
        left = self._in_all_lanes(self._builder.trunc(n_columns, _INT32))
        numbers = [range(v * self._lanes, (v + 1) * self._lanes) for v in range(n_vectors)]
        return [
            self._builder.icmp_signed("<", ir.Constant(left.type, list(some)), left)
            for some in numbers
        ]

    def spread(self, address: Any) -> Any:
        """The scalar at an address, in all lanes."""
        place = self._builder.inttoptr(address, self._scalar.as_pointer())
        return self._in_all_lanes(self._builder.load(place))

    def _in_all_lanes(self, value: Any) -> Any:
        empty = ir.Constant(ir.VectorType(value.type, self._lanes), ir.Undefined)
        first = self._builder.insert_element(empty, value, ir.Constant(_INT32, 0))
        order = ir.Constant(ir.VectorType(_INT32, self._lanes), [0] * self._lanes)
        return self._builder.shuffle_vector(first, empty, order)

    def load(self, address: Any, masks: list) -> list:
        return [self._load(place, mask) for place, mask in self._places(address, masks)]

    def _load(self, place: Any, mask: Any) -> Any:
        if mask is None:
            return self._builder.load(place, align=self.item)
        return self._call("masked.load", self._vector, place, self._align, mask, self._zeros)

    def store(self, vectors: list, address: Any, masks: list) -> None:
        for vector, (place, mask) in zip(vectors, self._places(address, masks), strict=True):
            if mask is None:
                self._builder.store(vector, place, align=self.item)
            else:
                self._call("masked.store", ir.VoidType(), vector, place, self._align, mask)

    def _places(self, address: Any, masks: list) -> list:
        first = self._builder.inttoptr(address, self._vector.as_pointer())
        return [(self._builder.gep(first, [self.number(v)]), mask) for v, mask in enumerate(masks)]

    def multiply_add(self, value: Any, vector: Any, total: Any) -> Any:
        return self._call("fmuladd", self._vector, value, vector, total)

    def _call(self, name: str, result: Any, *arguments: Any) -> Any:
        """One of LLVM's own functions, for these vectors."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        name = f"llvm.{name}.v{self._lanes}f{8 * self.item}" + ".p0" * name.startswith("masked")
        function = cgutils.get_or_insert_function(self._builder.module, kind, name)
        return self._builder.call(function, arguments)
