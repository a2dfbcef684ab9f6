using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tongxin.Kernel.Measures;

/// <summary>A question kept as the draft of an indicator: its file, to be finished by hand and put among a module's definitions.</summary>
/// <remarks>A draft counts nowhere: it has no norm and must still answer the seven columns of <see cref="Indicator.Sql"/>.</remarks>
public static class DraftIndicator
{
    private const int Digits = 8, LongestTitle = 100;

    public static string NameOf(string sql) => $"draft-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)))[..Digits]}";

    public static string Of(string title, string sql)
    {
        var called = title.Trim() is { Length: > 0 and <= LongestTitle } given ? given : "草稿";
        return $"""
            -- id: {NameOf(sql)}
            -- title: {JsonSerializer.Serialize(called)}
            -- english: Draft
            -- norm: 草稿，待写依据与条款
            -- edition: draft
            -- denominator: 待写：谁计入分母
            -- numerator: 待写：怎样算达到
            -- reasons:
            --   reached: 达到
            --   missed: 未达到
            {sql.Trim().TrimEnd(';')}

            """.ReplaceLineEndings("\n");
    }
}
