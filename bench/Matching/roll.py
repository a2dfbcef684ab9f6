"""A roll of made people with 3 % entered twice, with one or two errors each: no truth is known to the matcher."""
import csv, random, sys

count, roll, truth = int(sys.argv[1]), sys.argv[2], sys.argv[3]
random.seed(20170228)
families = '王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕'
given = '伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国志文玉珍红梅春生海燕波宁贵福龙琴云莲荣凤洁玲辉'
alike = {'芳': '方', '珍': '真', '梅': '枚', '华': '花', '平': '萍', '伟': '玮', '英': '瑛', '丽': '莉', '建': '健', '明': '铭'}
weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
villages = [f'{a}{b}村' for a in '东西南北上下前后大小' for b in '河山桥塘坪岭湾庄店沟']


def number(birth, sex):
    first = '341299' + birth.replace('-', '') + f'{random.randrange(500) * 2 + (sex == "男"):03}'
    return first + '10X98765432'[sum(int(c) * w for c, w in zip(first, weights)) % 11]


def person():
    sex, birth = random.choice('男女'), f'{random.randint(1930, 2024)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}'
    return ['', random.choice(families) + ''.join(random.choices(given, k=random.choice((1, 2, 2, 2)))), sex, birth,
            '' if random.random() < .1 else '13' + ''.join(random.choices('0123456789', k=9)),
            '' if random.random() < .02 else number(birth, sex), f'{random.randint(1, 30)}组{random.randint(1, 60)}号', random.choice(villages)]


def swap(text):
    at = random.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2:]


def again(p):
    p = list(p)
    for error in random.sample(range(6), random.choice((1, 2))):
        if error == 0: p[1] = ''.join(alike.get(c, c) for c in p[1])
        elif error == 1: p[5] = p[5][:6] + p[5][8:17] if p[5] and p[5][6:8] == '19' else p[5]
        elif error == 2: p[4] = ''
        elif error == 3: p[3] = p[3][:8] + f'{random.randint(1, 28):02}'
        elif error == 4: p[5] = swap(p[5]) if p[5] else p[5]
        else: p[6] = f'{random.randint(1, 30)}组{random.randint(1, 60)}号'
    return p


people = [person() for _ in range(count * 97 // 100)]
rows = people + [again(p) for p in people[:count - len(people)]]
order = list(range(len(rows)))
random.shuffle(order)
with open(roll, 'w', encoding='utf-8', newline='') as out:
    writer = csv.writer(out)
    writer.writerow(['id', '姓名', '性别', '出生日期', '电话', '身份证号', '地址', '村'])
    for i in order: writer.writerow([f'r{i}'] + rows[i][1:])
with open(truth, 'w', newline='') as out:
    csv.writer(out).writerows((f'r{i}', f'r{len(people) + i}') for i in range(count - len(people)))
