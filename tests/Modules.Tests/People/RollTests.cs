using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using MiniExcelLibs;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Modules.People.Rolls;
using Tongxin.Modules.Tests.SignIn;
using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.People;

/// <summary>花名册导入: the dirt of real rolls is taken off or refused with row and reason, and nobody is added twice.</summary>
public sealed class RollTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private static string Number(int day, int sequence) => CitizenId.Make("990101", new DateOnly(1965, 7, 1).AddDays(day), sequence).Value;

    [Fact]
    public async Task A_roll_is_imported_once_and_mended_rows_can_be_sent_again()
    {
        await using var server = await TestServer.StartAsync();
        await server.PutAsync(Tree);
        var roll = $"""
            同心县村民花名册,,,,,
            姓 名（必填）,身份证号码,性别,出生日期,联系电话,家庭住址,村
            王 小 明,{Number(1, 11)},男,,１３８０００００００１,一组,village-a1
            李秀兰,{Number(2, 12).ToLowerInvariant()},女,,1.3800000002E+10,二组,village-a1
            赵无号,,女,1950年3月4日,,三组,
            王小明,{Number(1, 11)},男,,13800000001,一组,village-a1
            王晓明,,男,1965/7/2,13800000001,一组,village-a1
            钱坏号,990101196507010999,男,,,四组,
            孙丢位,9.90101E+17,男,,,四组,
            周外村,{Number(5, 14)},女,,,五组,没有的村
            """;
        var caller = Caller.System("test");

        var dry = await RunAsync(server, caller, roll, isDryRun: true);
        Assert.Empty((await server.Records.SearchAsync(caller, "Patient", "", Cancel)).Matches);
        var first = await RunAsync(server, caller, roll);
        var second = await RunAsync(server, caller, roll);

        Assert.Equal((8, 4, 0, 1, 1, 3), Counts(dry));
        Assert.Equal(Counts(dry), Counts(first));
        Assert.Equal((8, 0, 4, 0, 1, 3), Counts(second));
        var people = (await server.Records.SearchAsync(caller, "Patient", "", Cancel)).Matches;
        Assert.Equal(4, people.Count);
        Assert.Single((await server.Records.SearchAsync(caller, "Linkage", "", Cancel)).Matches);
        Assert.Equal([8, 9, 10], first.Refused.Select(r => r.Line.Number));
        Assert.Contains("后几位已经丢失", Reason(first, 9), StringComparison.Ordinal);
        Assert.Contains("没有的村", Reason(first, 10), StringComparison.Ordinal);

        // The workbook of refused rows, with one of them mended, is a roll itself.
        using var workbook = new MemoryStream();
        var lines = RollSheet.Read(Encoding.UTF8.GetBytes(roll));
        RollReport.Write(workbook, RollColumns.Guess(lines), first.Refused);
        var back = RollSheet.Read(workbook.ToArray());
        var mended = back.Select(l => new RollLine(l.Number, [.. l.Cells.Select(c => c == "没有的村" ? "village-a1" : c)])).ToList();
        var third = await RunAsync(server, caller, mended, false);
        Assert.Equal((3, 1, 0, 0, 0, 2), Counts(third));
    }

    [Fact]
    public async Task Rows_that_were_not_compared_with_everybody_are_told_by_number()
    {
        await using var server = await TestServer.StartAsync();
        await server.PutAsync(Tree);
        var text = new StringBuilder("姓名,身份证号,联系电话\n");
        for (var r = 0; r < 502; r++) text.Append(CultureInfo.InvariantCulture, $"王{(char)('一' + r)}{(char)('丁' + r)},{Number(r, 11)},13800000001\n");
        text.Append(CultureInfo.InvariantCulture, $"李秀兰,{Number(900, 12)},13800000002\n");

        var outcome = await RunAsync(server, Caller.System("test"), text.ToString(), isDryRun: true);

        Assert.Equal(503, outcome.New);
        // Row 502 is the 501st and was compared with all 500 before it; row 503 was not.
        Assert.Equal([503], outcome.Cut);
    }

    [Fact]
    public async Task Names_of_sixty_four_characters_fit_into_the_questions_of_a_chunk()
    {
        await using var server = await TestServer.StartAsync();
        await server.PutAsync(Tree);
        var text = new StringBuilder("姓名,身份证号\n");
        for (var r = 0; r < 50; r++) text.Append(CultureInfo.InvariantCulture, $"{new string('庄', 60)}{(char)('一' + r)},{Number(r, 11)}\n");

        var outcome = await RunAsync(server, Caller.System("test"), text.ToString());

        Assert.Equal((50, 50, 0), (outcome.Rows, outcome.New, outcome.Refused.Count));
    }

    [Fact]
    public void A_row_of_a_csv_is_numbered_by_the_line_on_which_it_starts()
    {
        var lines = RollSheet.Read("姓名,住址\n\n王小明,\"一组\n二号\"\n李秀兰,三组\n"u8.ToArray());

        Assert.Equal([1, 3, 5], lines.Select(l => l.Number));
        Assert.Equal("一组\n二号", lines[1][1]);
    }

    [Fact]
    public void Lines_of_two_encodings_in_one_file_are_both_read()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        byte[] file = [.. Encoding.GetEncoding("GB18030").GetBytes("姓名,身份证号,住址\n联通,1,𠮷村\n"), .. Encoding.UTF8.GetBytes("李秀兰,2,𠮷村\n")];

        var lines = RollSheet.Read(file);

        Assert.Equal(["联通", "1", "𠮷村"], lines[1].Cells);
        Assert.Equal(["李秀兰", "2", "𠮷村"], lines[2].Cells);
    }

    [Fact]
    public void A_workbook_is_read_below_its_title_and_around_its_empty_rows()
    {
        using var stream = new MemoryStream();
        object?[][] cells = [["花名册", null], ["姓名", "身份证号"], ["", null], ["王小明", 123456789012345d]];
        stream.SaveAs(cells.Select(c => new Dictionary<string, object?> { ["a"] = c[0], ["b"] = c[1] }).ToList(), printHeader: false);

        var lines = RollSheet.Read(stream.ToArray());
        var columns = RollColumns.Guess(lines);

        Assert.Null(columns.Fault);
        Assert.Equal("123456789012345", lines[^1][columns.Map[RollField.Number]]);
        Assert.Equal(4, lines[^1].Number);
    }

    [Fact]
    public void What_is_no_roll_is_refused_in_a_sentence()
    {
        Assert.Contains("空的", Refusal([]), StringComparison.Ordinal);
        Assert.Contains(".xls", Refusal([0xD0, 0xCF, 0x11, 0xE0, 1, 2]), StringComparison.Ordinal);
        Assert.Contains("不是表格", Refusal([0x89, 1, 0, 0, 7]), StringComparison.Ordinal);
        Assert.Contains("损坏", Refusal("PK\u0003\u0004 torn"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("不是 .xlsx", Refusal(Zip("a.txt", 1)), StringComparison.Ordinal);
        Assert.Contains("解开后超过", Refusal(Zip("xl/workbook.xml", 260)), StringComparison.Ordinal);
        Assert.Contains("引号", Refusal(Encoding.UTF8.GetBytes("姓名,身份证号\n\"王" + new string('x', 5_000))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("=A1&B1", "公式")]
    [InlineData("#REF!", "公式出错")]
    [InlineData("3.30106E+17", "丢失")]
    public void A_cell_without_a_value_is_refused(string cell, string said) => Assert.Contains(said, RollReading.Clean(cell).Fault, StringComparison.Ordinal);

    private static string Refusal(byte[] file) => Assert.Throws<RefusedException>(() => RollSheet.Read(file)).Issues[0].Diagnostics;

    private static byte[] Zip(string name, int megabytes)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        using (var part = archive.CreateEntry(name, CompressionLevel.Fastest).Open())
            for (var m = 0; m < megabytes; m++) part.Write(new byte[1 << 20]);
        return stream.ToArray();
    }

    private static Task<RollOutcome> RunAsync(TestServer server, Caller caller, string roll, bool isDryRun = false) =>
        RunAsync(server, caller, RollSheet.Read(Encoding.UTF8.GetBytes(roll)), isDryRun);

    private static Task<RollOutcome> RunAsync(TestServer server, Caller caller, IReadOnlyList<RollLine> lines, bool isDryRun) =>
        server.Services.GetRequiredService<ImportRoll>().HandleAsync(caller, new(lines, RollColumns.Guess(lines), "town-a", isDryRun), null, Cancel);

    private static string Reason(RollOutcome outcome, int row) => string.Join(' ', outcome.Refused.Single(r => r.Line.Number == row).Issues.Select(i => i.Diagnostics));

    private static (int, int, int, int, int, int) Counts(RollOutcome o) => (o.Rows, o.New, o.Same, o.Doubtful, o.Repeated, o.Refused.Count);
}
