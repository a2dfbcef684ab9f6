"""The villages that a made roll names, as organisations of one township."""
import csv, sys

villages = sorted({row['村'] for row in csv.DictReader(open(sys.argv[1], encoding='utf-8'))})
out = csv.writer(sys.stdout)
out.writerow(['id', 'name', 'kind', 'parent', 'division'])
out.writerow(['county', '同心县', 'county', '', '990101'])
out.writerow(['town', '同心镇卫生院', 'township', 'county', '990101101000'])
for i, village in enumerate(villages): out.writerow([f'v{i}', f'{village}卫生室', 'village', 'town', f'990101101{i + 200:03}'])
