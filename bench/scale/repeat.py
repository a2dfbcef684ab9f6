"""Repeats a folder of NDJSON with new identities: every UUID, and the national numbers of patients, change from copy to copy; references keep pointing within a copy.
Each copy is a township with four villages, and each patient is managed by one of them.

repeat.py FOLDER FIRST LAST OUT: writes copies FIRST to LAST-1 into OUT, one file a type and copy."""
import json, pathlib, re, sys, zlib

folder, first, last, out = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), pathlib.Path(sys.argv[4])
uuid = re.compile(rb'([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8})([0-9a-f]{4})')
numbers = re.compile(rb'"(999-\d\d-\d{4}|S999\d{5}|X\d{5,8}X)"')
KIND = 'https://tongxin.health/cs/organisation-kind'
VILLAGES = 4

def place(id, kind, above):
    body = {'resourceType': 'Organization', 'id': id, 'name': id, 'type': [{'coding': [{'system': KIND, 'code': kind}]}]}
    return (json.dumps(body | ({'partOf': {'reference': f'Organization/{above}'}} if above else {})) + '\n').encode()

def managed(line, copy):
    village = b'Organization/village-%d-%d' % (copy, zlib.crc32(line) % VILLAGES)
    return line.replace(b'{"resourceType":"Patient",', b'{"resourceType":"Patient","managingOrganization":{"reference":"%s"},' % village, 1)

out.mkdir(parents=True, exist_ok=True)
for copy in range(first, last):
    def other(m): return m[1] + b'%04x' % ((int(m[2], 16) + copy) & 0xffff)
    def numbered(m): return b'"' + m[1] + b'-%d"' % copy
    for source in sorted(folder.glob('*.ndjson')):
        text = uuid.sub(other, source.read_bytes())
        if source.name == 'Patient.ndjson': text = b''.join(managed(line, copy) for line in numbers.sub(numbered, text).splitlines(keepends=True))
        (out / f'{source.stem}.{copy}.ndjson').write_bytes(text)
    places = [place('county', 'county', None), place(f'township-{copy}', 'township', 'county')]
    places += [place(f'village-{copy}-{n}', 'village', f'township-{copy}') for n in range(VILLAGES)]
    (out / f'Organization.places-{copy}.ndjson').write_bytes(b''.join(places))
