"""Repeats a folder of NDJSON with new identities: every UUID, and the national numbers of patients, change from copy to copy; references keep pointing within a copy.

repeat.py FOLDER FIRST LAST OUT: writes copies FIRST to LAST-1 into OUT, one file a type and copy."""
import pathlib, re, sys

folder, first, last, out = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), pathlib.Path(sys.argv[4])
uuid = re.compile(rb'([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8})([0-9a-f]{4})')
numbers = re.compile(rb'"(999-\d\d-\d{4}|S999\d{5}|X\d{5,8}X)"')
out.mkdir(parents=True, exist_ok=True)
for copy in range(first, last):
    def other(m): return m[1] + b'%04x' % ((int(m[2], 16) + copy) & 0xffff)
    def numbered(m): return b'"' + m[1] + b'-%d"' % copy
    for source in sorted(folder.glob('*.ndjson')):
        text = uuid.sub(other, source.read_bytes())
        if source.name == 'Patient.ndjson': text = numbers.sub(numbered, text)
        (out / f'{source.stem}.{copy}.ndjson').write_bytes(text)
