using Tongxin.Kernel.People;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Terminology;
using Attribute = Tongxin.Kernel.People.Matching.Attribute;

namespace Tongxin.Kernel.Tests.People;

/// <summary>People of a Chinese town, some registered twice with the errors that counters make, with the truth.</summary>
internal sealed class ChinesePairs(int seed)
{
    private const string Surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹";
    private const string Characters = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国文辉力红玉梅春";
    private static readonly (char Right, char Wrong)[] Homophones =
        [('珍', '贞'), ('英', '瑛'), ('华', '花'), ('建', '健'), ('芳', '方'), ('伟', '玮'), ('静', '婧'), ('军', '均'), ('明', '名'), ('丽', '莉')];
    private static readonly (char Right, char Wrong)[] NearGlyphs = [('洋', '详'), ('敏', '繁'), ('杰', '杏'), ('磊', '品'), ('涛', '清'), ('刚', '则'), ('霞', '霜'), ('兰', '三')];

    private readonly Random random = new(seed);
    private readonly List<Dictionary<Attribute, string>> rows = [];

    public HashSet<(int, int)> Truth { get; } = [];

    public HashSet<(int, int)> Twins { get; } = [];

    public List<MatchRecord> Make(int people, Pinyin pinyin)
    {
        for (var i = 0; i < people; i++)
        {
            var person = Person();
            rows.Add(person);
            if (random.NextDouble() < 0.15) Again(person);
            if (random.NextDouble() < 0.01) Twin(person);
        }

        return [.. rows.Select((r, i) => MatchRecord.Of(i.ToString(), a => r.GetValueOrDefault(a), pinyin))];
    }

    private Dictionary<Attribute, string> Person()
    {
        var birth = new DateOnly(1935, 1, 1).AddDays(random.Next(30_000));
        var male = random.Next(2) is 1;
        var given = $"{Pick(Characters)}{(random.NextDouble() < 0.75 ? Pick(Characters) : "")}";
        var town = random.Next(13);
        return new()
        {
            [Attribute.Family] = Pick(Surnames).ToString(),
            [Attribute.Given] = given,
            [Attribute.Sex] = male ? "男" : "女",
            [Attribute.BirthDate] = birth.ToString("yyyy-MM-dd"),
            [Attribute.Identifier] = CitizenId.Make("990126", birth, random.Next(500) * 2 + (male ? 1 : 0)).Value,
            [Attribute.Phone] = $"100{random.Next(100_000_000):00000000}",
            [Attribute.Locality] = $"{"甲乙丙丁戊己庚辛壬癸子丑寅"[town]}镇",
            [Attribute.Street] = $"{Pick("上下东西前后")}{Pick("塘坪洋坑湾")}村{random.Next(1, 200)}号",
        };
    }

    // One to two errors of a counter on top of what is often absent.
    private void Again(Dictionary<Attribute, string> person)
    {
        var again = new Dictionary<Attribute, string>(person);
        if (random.NextDouble() < 0.35) again.Remove(Attribute.Identifier);
        if (random.NextDouble() < 0.3) again.Remove(Attribute.Phone);
        for (var error = 0; error < random.Next(1, 3); error++) Spoil(again);
        Truth.Add((rows.Count - 1, rows.Count));
        rows.Add(again);
    }

    private void Spoil(Dictionary<Attribute, string> row)
    {
        switch (random.Next(8))
        {
            case 0: row[Attribute.Given] = Swap(row[Attribute.Given], Homophones); break;
            case 1: row[Attribute.Given] = Swap(row[Attribute.Given], NearGlyphs); break;
            case 2 when row.TryGetValue(Attribute.Identifier, out var id): row[Attribute.Identifier] = SwapDigits(id); break;
            case 3 when row.TryGetValue(Attribute.Identifier, out var id) && id[6..8] is "19": row[Attribute.Identifier] = id[..6] + id[8..17]; break;
            case 4: row[Attribute.Phone] = $"100{random.Next(100_000_000):00000000}"; break;
            case 5: row[Attribute.Locality] = "新合并镇"; break;
            case 6: row[Attribute.BirthDate] = row[Attribute.BirthDate][..8] + $"{random.Next(1, 29):00}"; break;
            default: row[Attribute.Street] = $"{Pick("上下东西前后")}{Pick("塘坪洋坑湾")}村{random.Next(1, 200)}号"; break;
        }
    }

    // Same day, same house, same telephone, numbers that differ in the sequence only; some have no number yet.
    private void Twin(Dictionary<Attribute, string> person)
    {
        var twin = new Dictionary<Attribute, string>(person);
        do twin[Attribute.Given] = $"{Pick(Characters)}{person[Attribute.Given][1..]}"; while (twin[Attribute.Given] == person[Attribute.Given]);
        var id = person[Attribute.Identifier];
        if (random.Next(2) is 0) twin.Remove(Attribute.Identifier);
        else twin[Attribute.Identifier] = CitizenId.Make(id[..6], DateOnly.ParseExact(id[6..14], "yyyyMMdd"), int.Parse(id[14..17]) + 2).Value;
        var first = rows.LastIndexOf(person);
        Twins.Add((first, rows.Count));
        rows.Add(twin);
    }

    private static string Swap(string name, (char Right, char Wrong)[] pairs)
    {
        foreach (var (right, wrong) in pairs)
            if (name.Contains(right)) return name.Replace(right, wrong);
        return name;
    }

    private string SwapDigits(string id)
    {
        var at = random.Next(6, 15);
        var digits = id.ToCharArray();
        (digits[at], digits[at + 1]) = (digits[at + 1], digits[at]);
        return new(digits);
    }

    private char Pick(string from) => from[random.Next(from.Length)];
}
