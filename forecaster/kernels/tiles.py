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
from numba.extending import intrinsic

_INT32 = ir.IntType(32)
_UNROLLED = 4  # terms in one turn of the loop: its own counting would keep the multipliers waiting


def tile(
    n_rows: int, n_vectors: int, n_bytes: int, whole: bool = True, n_chains: int = 1
) -> Callable:
    """A part of a sum, for kernels: ``out[i:, j:] = (start + A B)[i:, j:]``.

    To be called with start: (R, N), which may be out, or (1, N), the same for all rows; A: (R, K),
    by rows or by columns; B: (K, N) and out: (R, N), by rows; i; j. The part has ``n_rows``, which
    must be there, and as many columns as ``n_vectors`` registers of ``n_bytes`` hold: so many there
    must be if it is ``whole``, otherwise it ends with the last one.

    Every sum goes from start on term by term, wherever in the matrix it is made: the bits of a row
    do not depend on its place. Only where A lies by columns (sums over all rows of data), and too
    few sums would keep the multipliers waiting, ``n_chains`` of them share the terms of each.
    """

    @intrinsic
    def make_tile(typing: Any, start: Any, A: Any, B: Any, out: Any, i: Any, j: Any) -> tuple:
        if A.layout == "A" or {start.layout, B.layout, out.layout} != {"C"}:
            raise TypingError("expected contiguous matrices, all but A by rows")

        def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            s, a, b, o = (
                context.make_array(kind)(context, builder, array)
                for kind, array in zip((start, A, B, out), arguments[:4], strict=True)
            )
            i, j = arguments[4:]
            code = _Code(builder, context.get_data_type(A.dtype), i.type, n_bytes)
            n_terms, n_columns = code.parts(b.shape)
            (row, term), (b_row, _), (o_row, _) = (code.parts(x.strides) for x in (a, b, o))
            one = builder.icmp_signed("==", code.parts(s.shape)[0], code.number(1))
            s_row = builder.select(one, code.number(0), o_row)
            by_columns = A.layout == "F"
            row, term = (code.item, term) if by_columns else (row, code.item)
            column = code.times(j, code.item)
            masks = [None] * n_vectors
            if not whole:
                masks = code.masks(builder.sub(n_columns, j), n_vectors)

            first = code.sum(code.start(a), code.times(i, row))
            rows = [code.sum(first, code.times(row, r)) for r in range(n_rows)]
            if not by_columns:  # the compiler would compute the address of each from the one before
                rows = [code.unknown(address) for address in rows]
            b_start = code.sum(code.start(b), column)
            first = code.sum(code.start(s), code.times(i, s_row), column)
            starts = [code.sum(first, code.times(s_row, r)) for r in range(n_rows)]
            chains = [[code.variables(code.load(address, masks)) for address in starts]]
            for _ in range(1, n_chains if by_columns else 1):
                chains.append([code.variables([code.zeros] * n_vectors) for _ in starts])

            def add_terms(k: Any, n: int) -> None:
                vectors_at = code.sum(b_start, code.times(k, b_row))
                values_at = code.times(k, term)
                for turn in range(n):
                    vectors = code.load(code.sum(vectors_at, code.times(b_row, turn)), masks)
                    at = code.sum(values_at, code.times(term, turn))
                    for address, sums in zip(rows, chains[turn % len(chains)], strict=True):
                        code.multiply_add(code.spread(code.sum(address, at)), vectors, sums)

            turns = builder.udiv(n_terms, code.number(_UNROLLED))
            with cgutils.for_range(builder, turns) as loop:
                add_terms(code.times(loop.index, _UNROLLED), _UNROLLED)
            done = code.times(turns, _UNROLLED)
            with cgutils.for_range(builder, builder.sub(n_terms, done)) as loop:
                add_terms(code.sum(loop.index, done), 1)

            first = code.sum(code.start(o), code.times(i, o_row), column)
            targets = [code.sum(first, code.times(o_row, r)) for r in range(n_rows)]
            for address, *sums in zip(targets, *chains, strict=True):
                code.store(code.totals(sums), address, masks)
            return context.get_dummy_value()

        return types.void(start, A, B, out, i, j), write

    return make_tile


class _Code:
    """Writes instructions: on addresses, which are integers, and on vectors of one register."""

    def __init__(self, builder: Any, scalar: Any, integer: Any, n_bytes: int) -> None:
        self._builder, self._scalar, self._integer, self._size = builder, scalar, integer, n_bytes
        self.item = 4 if isinstance(scalar, ir.FloatType) else 8
        self._lanes = n_bytes // self.item
        self._vector = ir.VectorType(scalar, self._lanes)
        self._align = ir.Constant(_INT32, self.item)
        self.zeros = ir.Constant(self._vector, [0.0] * self._lanes)

    def number(self, n: Any) -> Any:
        return ir.Constant(self._integer, n) if isinstance(n, int) else n

    def sum(self, *terms: Any) -> Any:
        total = self.number(terms[0])
        for term in terms[1:]:
            total = self._builder.add(total, self.number(term))
        return total

    def times(self, a: Any, b: Any) -> Any:
        return self._builder.mul(self.number(a), self.number(b))

    def parts(self, numbers: Any) -> list:
        return cgutils.unpack_tuple(self._builder, numbers)

    def start(self, array: Any) -> Any:
        return self._builder.ptrtoint(array.data, self._integer)

    def unknown(self, value: Any) -> Any:
        """The value, as the result of an empty piece of assembly."""
        kind = ir.FunctionType(self._integer, [self._integer])
        return self._builder.asm(kind, "", "=r,0", [value], side_effect=False)

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
        return self._call("masked.load", self._vector, place, self._align, mask, self.zeros)

    def store(self, vectors: list, address: Any, masks: list) -> None:
        for vector, (place, mask) in zip(vectors, self._places(address, masks), strict=True):
            if mask is None:
                self._builder.store(vector, place, align=self.item)
            else:
                self._call("masked.store", ir.VoidType(), vector, place, self._align, mask)

    def _places(self, address: Any, masks: list) -> list:
        pointer = self._vector.as_pointer()
        return [
            (self._builder.inttoptr(self.sum(address, v * self._size), pointer), mask)
            for v, mask in enumerate(masks)
        ]

    def variables(self, values: list) -> list:
        """Places for vectors that change; the compiler makes them registers."""
        return [cgutils.alloca_once_value(self._builder, value) for value in values]

    def multiply_add(self, value: Any, vectors: list, sums: list) -> None:
        for vector, place in zip(vectors, sums, strict=True):
            before = self._builder.load(place)
            total = self._call("fmuladd", self._vector, value, vector, before)
            self._builder.store(total, place)

    def totals(self, chains: list) -> list:
        """For each vector, the sum over the chains."""
        totals = [self._builder.load(place) for place in chains[0]]
        for sums in chains[1:]:
            parts = [self._builder.load(place) for place in sums]
            totals = [self._builder.fadd(t, p) for t, p in zip(totals, parts, strict=True)]
        return totals

    def _call(self, name: str, result: Any, *arguments: Any) -> Any:
        """One of LLVM's own functions, for these vectors."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        name = f"llvm.{name}.v{self._lanes}f{8 * self.item}" + ".p0" * name.startswith("masked")
        function = cgutils.get_or_insert_function(self._builder.module, kind, name)
        return self._builder.call(function, arguments)
