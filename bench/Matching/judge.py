"""Scores pairs.csv against the truth of a set; prints one row of the table."""
import csv, itertools, lzma, sys

kind, name, data, work, said = sys.argv[1:6]
rows = list(csv.DictReader(open(f'{work}/{name}.csv', encoding='utf-8'), skipinitialspace=True))
pair = lambda a, b: (a, b) if a < b else (b, a)


def grouped(key):
    groups = {}
    for id, group in key: groups.setdefault(group, []).append(id)
    return {pair(a, b) for ids in groups.values() for a, b in itertools.combinations(ids, 2)}


if kind == 'febrl': truth = grouped((r['rec_id'].strip(), r['rec_id'].split('-')[1]) for r in rows)
elif kind == 'uganda': truth = {pair(r['rec_id_1'].strip(), r['rec_id_2'].strip()) for r in csv.DictReader(open(f'{data}/opencr_uganda_true_links.csv'))}
elif kind == 'splink': truth = grouped((r['unique_id'], r['cluster']) for r in rows)
else: truth = {pair(*r) for r in csv.reader(open(f'{work}/truth.csv'))}
links = {pair(r['id_1'], r['id_2']) for r in csv.DictReader(open(f'{work}/pairs.csv', encoding='utf-8'))}
right = len(links & truth)
precision, recall = right / max(len(links), 1), right / len(truth)
f1 = 2 * precision * recall / max(precision + recall, 1e-9)
print(f'| {name} | {len(rows)} | {len(truth)} | {len(links)} | {precision:.4f} | {recall:.4f} | {f1:.4f} | {said} |')
