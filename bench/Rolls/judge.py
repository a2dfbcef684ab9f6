"""What became of each planted double: not made twice, refused with its reason, made and put on the list of possible duplicates, or missed."""
import collections, csv, json, re, sys, zipfile

work = sys.argv[1]
HOUSEHOLD = 'https://tongxin.health/id/household'
row_of = {}
for line in open(f'{work}/out/Patient.ndjson', encoding='utf-8'):
    person = json.loads(line)
    row_of[person['id']] = next(i['value'] for i in person['identifier'] if i['system'] == HOUSEHOLD)
made = set(row_of.values())
pairs = set()
for line in open(f'{work}/out/Linkage.ndjson', encoding='utf-8'):
    a, b = (i['resource']['reference'].split('/')[1] for i in json.loads(line)['item'])
    pairs.add(frozenset((row_of[a], row_of[b])))
book = zipfile.ZipFile(f'{work}/refused.xlsx')
text = ''.join(book.read(n).decode('utf-8') for n in book.namelist() if n.startswith('xl/') and n.endswith('.xml'))
refused = set(re.findall(r'>(r\d+)<', text))

truth = [tuple(row) for row in csv.reader(open(f'{work}/truth.csv'))]
said, missed = collections.Counter(), []
for a, b in truth:
    if frozenset((a, b)) in pairs: said['both made, on the list of possible duplicates'] += 1
    elif a in made and b in made: said['**missed**: both made, nobody told'] += 1; missed.append((a, b))
    elif (a in made) != (b in made): said['refused with its reason' if {a, b} & refused else 'not made twice: the same number and name'] += 1
    else: said['neither made: both refused with their reasons'] += 1
print('\n| planted doubles | ' + str(len(truth)) + ' |\n|---|---|')
for what, count in sorted(said.items()): print(f'| {what} | {count} |')
planted = {frozenset(t) for t in truth}
print(f'| pairs on the list that were not planted | {len(pairs - planted)} |')
rows = {row['id']: row for row in csv.DictReader(open(f'{work}/roll.csv', encoding='utf-8'))}
for pair in missed:
    for row in pair: print('missed:', *rows[row].values(), file=sys.stderr)
