using System.Collections.Frozen;
using System.Text;
using Tongxin.Fhir;

namespace Tongxin.Modules.People.Rolls;

/// <summary>What a column of a roll may hold.</summary>
public enum RollField { Name, Number, Sex, Birth, Phone, Address, Place, Household, RecordNumber, NoNumber, Residence }

/// <summary>Which column holds what; guessed from the heads, shown to whoever imports, and corrected by her.</summary>
/// <param name="HeadLine">Index of the line of heads; what stands above is title. −1 when the file has none.</param>
public sealed record RollColumns(int HeadLine, IReadOnlyList<string> Heads, IReadOnlyDictionary<RollField, int> Map)
{
    private const int DeepestHead = 15;

    // Before the heads below, which are folded when the type is made.
    private static readonly string[] Notes = ["(必填)", "(选填)", "(18位)", "(可空)"];

    private static readonly FrozenDictionary<string, RollField> Known = new Dictionary<RollField, string[]>
    {
        [RollField.Name] = ["姓名", "名字", "居民姓名", "成员姓名", "name"],
        [RollField.Number] = ["身份证号", "身份证号码", "身份证", "公民身份号码", "证件号码", "证件号", "居民身份证号", "居民身份证号码", "idcard"],
        [RollField.Sex] = ["性别", "sex", "gender"],
        [RollField.Birth] = ["出生日期", "出生年月日", "出生年月", "生日", "birthdate"],
        [RollField.Phone] = ["电话", "电话号码", "联系电话", "本人电话", "手机", "手机号", "手机号码", "联系方式", "phone"],
        [RollField.Address] = ["住址", "地址", "家庭住址", "现住址", "常住地址", "居住地址", "户籍地址", "详细地址", "address"],
        [RollField.Place] = ["村", "村居", "村委会", "行政村", "所在村", "居委会", "村(居)委会", "管理机构", "建档机构", "卫生室", "clinic"],
        [RollField.Household] = ["户号", "户编号", "家庭编号", "household"],
        [RollField.RecordNumber] = ["档案编号", "档案号", "健康档案编号", "居民健康档案编号"],
        [RollField.NoNumber] = ["无证原因", "没有身份证号的原因", "无身份证原因"],
        [RollField.Residence] = ["常住类型", "户籍类型", "户籍", "居住类型"],
    }.SelectMany(f => f.Value.Select(head => (Head: Folded(head), Field: f.Key))).ToFrozenDictionary(f => f.Head, f => f.Field, StringComparer.Ordinal);

    /// <summary>The first lines are looked through for the one with most known heads; merged titles and notes stand above it.</summary>
    public static RollColumns Guess(IReadOnlyList<RollLine> lines)
    {
        var best = Enumerable.Range(0, Math.Min(DeepestHead, lines.Count)).Select(i => (Index: i, Map: Of(lines[i]))).MaxBy(c => c.Map.Count);
        return new(best.Index, lines[best.Index].Cells, best.Map);
    }

    /// <summary>With the heads in this line; below nought when the file has none and its rows begin at once.</summary>
    public static RollColumns At(IReadOnlyList<RollLine> lines, int headLine)
    {
        if (headLine >= 0 && headLine < lines.Count) return new(headLine, lines[headLine].Cells, Of(lines[headLine]));
        var columns = lines.Count is 0 ? 0 : lines.Max(l => l.Cells.Count);
        return new(-1, [.. Enumerable.Range(1, columns).Select(c => $"第 {c} 列")], new Dictionary<RollField, int>());
    }

    /// <summary>The same with fields put to the columns of these heads. Refuses 422 a head that is not there.</summary>
    public RollColumns With(IEnumerable<(RollField Field, string Head)> told)
    {
        var map = new Dictionary<RollField, int>(Map);
        foreach (var (field, head) in told)
        {
            var column = Heads.ToList().FindIndex(h => Folded(h) == Folded(head));
            if (head.Length is 0) map.Remove(field);
            else map[field] = column >= 0 ? column : throw RefusedException.Because(422, "not-found", $"第 {HeadLine + 1} 行表头中没有“{head}”。");
        }

        return this with { Map = map };
    }

    /// <summary>Why rows cannot be read with these columns; null when they can.</summary>
    public string? Fault => !Map.ContainsKey(RollField.Name) ? "没有找到“姓名”列：请确认第一张工作表有一行表头，或指定哪一列是姓名。"
        : !Map.ContainsKey(RollField.Number) && !(Map.ContainsKey(RollField.Birth) && Map.ContainsKey(RollField.Sex))
            ? "没有找到“身份证号”列，也没有“性别”和“出生日期”两列，不能建档。" : null;

    private static Dictionary<RollField, int> Of(RollLine line)
    {
        var map = new Dictionary<RollField, int>();
        for (var c = 0; c < line.Cells.Count; c++)
            if (Known.TryGetValue(Folded(line[c]), out var field)) map.TryAdd(field, c);
        return map;
    }

    // 姓 名*, 姓名（必填） and ＰＨＯＮＥ are heads as well.
    private static string Folded(string head)
    {
        var text = string.Concat(head.Normalize(NormalizationForm.FormKC).Where(c => !char.IsWhiteSpace(c) && c is not ('*' or ':' or '\uFEFF'))).ToLowerInvariant();
        foreach (var note in Notes) text = text.Replace(note, "", StringComparison.Ordinal);
        return text;
    }
}
