using System.Text;
using Tongxin.Fhir;
using Tongxin.Modules.People.Adt;

namespace Tongxin.Modules.Tests.People.Adt;

/// <summary>HL7 v2 as bytes and text: character sets by MSH-18, separators, escapes, frames.</summary>
public sealed class Hl7MessageTests
{
    private static readonly Encoding National = CodePagesEncodingProvider.Instance.GetEncoding("GB18030")!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("UNICODE UTF-8", false)]
    [InlineData("GB 18030-2000", true)]
    [InlineData("", false)]
    [InlineData("", true)]
    public void A_name_is_read_in_the_character_set_that_the_header_says(string said, bool isNational)
    {
        // The second byte of this character in GB18030 is the field separator.
        var tricky = Enumerable.Range(0x4E00, 0x5000).Select(c => ((char)c).ToString()).First(c => National.GetBytes(c) is [_, (byte)'|']);
        var text = $"MSH|^~\\&|{tricky}院|H|||20260101||ADT^A28|1|P|2.5||||||{said}\rPID|1||7||欧阳^𠮷{tricky}\r";

        var (read, encoding) = Hl7Text.Decode((isNational ? National : Encoding.UTF8).GetBytes(text));

        Assert.Equal(text, read);
        Assert.Equal(isNational ? "gb18030" : "utf-8", encoding.WebName.ToLowerInvariant());
        Assert.Equal($"𠮷{tricky}", Hl7Message.Parse(read).First("PID")![5, 2]);
    }

    [Fact]
    public void Bytes_that_are_not_what_the_header_says_are_refused() => Assert.Equal("MSH^1^18",
        Assert.Throws<RefusedException>(() => Hl7Text.Decode(National.GetBytes("MSH|^~\\&|青禾县人民医院|H|||20260101||ADT^A28|1|P|2.5||||||UNICODE UTF-8\r"))).Issues[0].Expression);

    [Fact]
    public void Escapes_are_read_and_written()
    {
        var pid = Hl7Message.Parse("MSH|^~\\&|A\rPID|1||a\\S\\b^^^X\\T\\Y~second\r").First("PID")!;

        Assert.Equal("a^b", pid[3]);
        Assert.Equal("X&Y", pid[3, 4]);
        Assert.Equal("second", pid.Repeats(3).Last()[1]);
        Assert.Equal(@"a\F\b\S\c\R\d\E\e\T\f", Hl7Separators.Usual.Escaped(@"a|b^c~d\e&f"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("PID|1||7\r")]
    [InlineData("MSH\r")]
    [InlineData("MSH|^^^^|A\r")]
    [InlineData("MSHa^~\\&aA\r")]
    public void What_is_no_message_is_refused(string text) => Assert.Equal(400, Assert.Throws<RefusedException>(() => Hl7Message.Parse(text)).Status);

    [Fact]
    public async Task Frames_are_found_between_noise_and_one_that_was_not_ended_is_dropped()
    {
        using var stream = new MemoryStream("\r\n\u000Bfirst\u001C\r\u000Btorn\u000Bsecond\u001C\u000Bthird\u001C\r\u000Bcut"u8.ToArray());
        var frames = new MllpFrames(stream);
        var read = new List<string>();
        while (await frames.NextAsync(Cancel) is { } frame) read.Add(Encoding.UTF8.GetString(frame.Bytes));

        Assert.Equal(["first", "second", "third"], read);
        Assert.Equal(2, frames.Truncated);
    }

    [Fact]
    public async Task A_peer_that_sends_too_much_or_speaks_otherwise_is_left()
    {
        using var large = new MemoryStream([MllpFrames.Start, .. new byte[MllpFrames.LargestFrame + 1]]);
        Assert.True((await new MllpFrames(large).NextAsync(Cancel))!.IsTooLarge);
        using var other = new MemoryStream(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n" + new string('x', 2_000)));
        Assert.Null(await new MllpFrames(other).NextAsync(Cancel));
    }
}
