"""Parquet files with one column of each Arrow type."""

import datetime as dt
import decimal
import io

import pyarrow as pa
import pyarrow.parquet as pq

D = dt.datetime
COLUMNS = {
 'ts_s':pa.array([D(2020,1,2,3,4,5),None],pa.timestamp('s')),
 'ts_ns':pa.array([1577934245123456789,None],pa.timestamp('ns')),
 'ts_ns0':pa.array([1577934245123456000,None],pa.timestamp('ns')),
 'ts_nstz':pa.array([1577934245123456789,None],pa.timestamp('ns','Europe/Berlin')),
 'ts_ustz':pa.array([1577934245123456,None],pa.timestamp('us','America/New_York')),
 'ts_usoff':pa.array([1577934245123456,None],pa.timestamp('us','+02:00')),
 'ts_utc':pa.array([1577934245123456,None],pa.timestamp('us','UTC')),
 't32':pa.array([45000,None],pa.time32('s')),'t64':pa.array([45000123456,None],pa.time64('us')),'t64n':pa.array([45000123456000,None],pa.time64('ns')),
 'd32':pa.array([1,None],pa.date32()),'d64':pa.array([86400000,None],pa.date64()),
 'dus':pa.array([-1,None],pa.duration('us')),'ds':pa.array([90061,None],pa.duration('s')),'dns':pa.array([1500,None],pa.duration('ns')),
 'dec':pa.array([decimal.Decimal('1.50'),None],pa.decimal128(9,2)),'dec256':pa.array([decimal.Decimal('-0.00'),None],pa.decimal256(50,12)),
 'bin':pa.array([b"a'\x00\xff",None]),'fsb':pa.array([b'abc',None],pa.binary(3)),'lbin':pa.array([b'abc',None],pa.large_binary()),
 'f16':pa.array([0.1,None],pa.float16()),'f32':pa.array([0.1,None],pa.float32()),'u64':pa.array([2**64-1,None],pa.uint64()),
 'null':pa.nulls(2),'dict':pa.array(['a',None]).dictionary_encode(),'ls':pa.array(['a',None],pa.large_string()),
 'map':pa.array([[('a',1),('b',None)],None],pa.map_(pa.string(),pa.int64())),
 'st':pa.array([{'a':1,'b':D(2020,1,1)},None]),'lst':pa.array([[D(2020,1,1),None],None]),
 'll':pa.array([[1],None],pa.large_list(pa.int8())),'fsl':pa.array([[1,2],None],pa.list_(pa.int8(),2)),'sv':pa.array(['x',None],pa.string_view()),
 'los':pa.array([[{'a':1}],None]), 'emptyst':pa.array([{},None]), 'b':pa.array([True,None]), 'uuid': pa.array([b'0123456789abcdef',None],pa.uuid()), 'json': pa.array(['{"a":1}',None],pa.json_()),
}


def written(table, **options):
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def cases():
    for name, array in COLUMNS.items():
        if name == "emptyst":
            continue
        yield name, {"train": [written(pa.table({name: array}))]}, {}
        if name not in ("uuid", "json", "sv", "lbin", "ls", "fsb", "map", "fsl", "f16"):
            nested = pa.table({"s": pa.StructArray.from_arrays([array], ["x"]), "l": pa.array([array.to_pylist(), None], pa.list_(array.type))})
            yield f"{name} nested", {"train": [written(nested)]}, {}
    times = pa.table({"t": pa.array([1577934245123456789], pa.timestamp("ns"))})
    yield "int96", {"train": [written(times, use_deprecated_int96_timestamps=True)]}, {}
    yield "no arrow schema", {"train": [written(pa.table({k: COLUMNS[k] for k in ("ts_ustz", "dec", "bin", "los", "t64")}), store_schema=False)]}, {}
    yield "old version", {"train": [written(pa.table({k: COLUMNS[k] for k in ("ts_ns0", "u64", "d32", "lst")}), version="1.0", coerce_timestamps="us", allow_truncated_timestamps=True)]}, {}
    yield "files", {"train": [written(pa.table({"a": [1], "b": ["x"]})), written(pa.table({"b": ["y"], "a": [2.0]}))]}, {}
    yield "files2", {"train": [written(pa.table({"a": [1.5]})), written(pa.table({"a": [2]}))]}, {}
    yield "files3", {"train": [written(pa.table({"a": [1], "c": [1]})), written(pa.table({"a": [2]}))]}, {}
    yield "files4", {"train": [written(pa.table({"a": [1]})), written(pa.table({"a": [2], "c": [1]}))]}, {}
    yield "files5", {"train": [written(pa.table({"a": ["x"]})), written(pa.table({"a": [2.0, 1e-7]}))]}, {}
    yield "files6", {"train": [written(pa.table({"a": [{"x": 1}]})), written(pa.table({"a": [{"x": 2.0}]}))]}, {}
    yield "columns", {"train": [written(pa.table({"a": [1], "b": ["x"]}))]}, {"columns": ["b"]}
    yield "groups", {"train": [written(pa.table({"a": list(range(10)), "b": [[i, None] for i in range(10)]}), row_group_size=3)]}, {}
    yield "bom text", {"train": [written(pa.table({"a": ["\ufeffx", "", None]}))]}, {}
