"""Asks a server one question after another on one connection and prints how long the answers took. ask.py URL NDJSON-FOLDER COPIES; bearer token in TOKEN."""
import http.client, json, os, pathlib, random, sys, time, urllib.parse

url, folder, copies = urllib.parse.urlparse(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
times = int(os.environ.get("TIMES", "300"))
random.seed(11)
line = http.client.HTTPConnection(url.hostname, url.port, timeout=600)
headers = {'Authorization': 'Bearer ' + os.environ['TOKEN']}
q = urllib.parse.quote

def ask(path):
    began = time.perf_counter()
    line.request('GET', '/fhir' + path, headers=headers)
    answer = line.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    if answer.status != 200: raise SystemExit(f'{path}: {answer.status} {body[:300]}')
    return took, body

def sample(name, count): return [json.loads(l) for l in random.sample(open(folder / f'{name}.ndjson').readlines(), count)]
def moved(id, copy): return id[:-4] + format((int(id[-4:], 16) + copy) & 0xffff, '04x')
people = sample('Patient', 300)
observations = sample('Observation', 600)
one = lambda xs: random.choice(xs)
copy = lambda: random.randrange(copies)
person = lambda: moved(one(people)['id'], copy())
def code(o): return q(o['code']['coding'][0]['system'] + '|' + o['code']['coding'][0]['code'])
def own(o): return moved(o['subject']['reference'].split('/')[-1].split(':')[-1], 0)
def observed():
    o, k = one(observations), copy()
    return moved(own(o), k), code(o), o['effectiveDateTime'][:10]
def mrn():
    p = one(people)
    return q(p['identifier'][0]['system'] + '|' + moved(p['identifier'][0]['value'], copy()))

def subject_code(): s, c, _ = observed(); return f'/Observation?subject=Patient/{s}&code={c}&_sort=-date'
def subject_day(): s, _, d = observed(); return f'/Observation?subject=Patient/{s}&date={d}'
def subject_count(): s, c, _ = observed(); return f'/Observation?subject=Patient/{s}&code={c}&_summary=count'
questions = {
    'read by id': lambda: f"/Observation/{moved(one(observations)['id'], copy())}",
    'identifier': lambda: f'/Patient?identifier={mrn()}',
    'a person\'s observations of a code, sorted': subject_code,
    'a person\'s observations of a day': subject_day,
    'chained by identifier': lambda: f"/Observation?subject:Patient.identifier={mrn()}&code={code(one(observations))}",
    '`_revinclude` of conditions': lambda: f'/Patient?_id={person()}&_revinclude=Condition:subject',
    '`_has`: the person of an encounter': lambda: f'/Patient?_id={person()}&_has:Condition:patient:clinical-status=active',
    'family and birth date': lambda: (lambda p: f"/Patient?family={q(p['name'][0]['family'])}&birthdate={p['birthDate']}")(one(people)),
    'newest 20 of a code': lambda: f'/Observation?code={code(one(observations))}&_sort=-date&_count=20',
    'count: a person\'s observations of a code': subject_count,
    'count: people born on a day': lambda: f"/Patient?birthdate={one(people)['birthDate']}&_summary=count",
    'count: everybody with a code': lambda: f'/Condition?code=http://snomed.info/sct|{one(conditions)}&_summary=count',
}
conditions = sorted({c['code']['coding'][0]['code'] for c in sample('Condition', 400)})
print('| question | median ms | p95 ms | p99 ms | matches, median |\n|---|---:|---:|---:|---:|')
for name, make in questions.items():
    for _ in range(5): ask(make())
    took, found = [], []
    for _ in range(times):
        ms, body = ask(make())
        took.append(ms)
        if body.startswith(b'{"resourceType":"Bundle"'): found.append(json.loads(body).get('total', len(json.loads(body).get('entry', []))))
        if sum(took) > 60_000: break
    took.sort(); found.sort()
    at = lambda p: took[min(len(took) - 1, int(len(took) * p))]
    print(f'| {name} | {at(.5):.1f} | {at(.95):.1f} | {at(.99):.1f} | {found[len(found) // 2] if found else 1} |', flush=True)
