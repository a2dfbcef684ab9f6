using System.IO.Compression;
using System.Text;

namespace Tongxin.Kernel.Measures;

/// <summary>People and places of a frozen report as compact text: one line each, tabs between, packed. Pure.</summary>
internal static class FrozenLists
{
    private const char Reached = 'n', Missed = 'd', Left = 'x';

    public static byte[] Write(IEnumerable<Member> people) => Pack(people.Select(m =>
        $"{m.Person}\t{m.Organisation}\t{(m.Excluded ? Left : m.Numerator ? Reached : Missed)}\t{m.Reason}\t{m.Evidence}"));

    /// <summary>Throws <see cref="InvalidDataException"/> for bytes that are no such list.</summary>
    public static IEnumerable<Member> ReadPeople(byte[] packed) => Unpack(packed, 5).Select(f => f[2] switch
    {
        [Reached] => new Member(f[0], f[1], false, true, f[3], Evidence(f[4])),
        [Missed] => new Member(f[0], f[1], false, false, f[3], Evidence(f[4])),
        [Left] => new Member(f[0], f[1], true, false, f[3], Evidence(f[4])),
        _ => throw new InvalidDataException("A line of a frozen list is damaged."),
    });

    public static byte[] Write(IEnumerable<FrozenPlace> places) => Pack(places.Select(p =>
        string.Create(null, $"{p.Id}\t{p.Parent}\t{p.Kind}\t{p.Denominator}\t{p.Numerator}\t{p.Excluded}\t{p.Name.Replace('\t', ' ').ReplaceLineEndings(" ")}")));

    public static IEnumerable<FrozenPlace> ReadPlaces(byte[] packed) => Unpack(packed, 7).Select(f =>
        new FrozenPlace(f[0], f[1].Length > 0 ? f[1] : null, f[6], f[2], Number(f[3]), Number(f[4]), Number(f[5])));

    private static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static string? Evidence(string text) => text.Length > 0 ? text : null;

    private static byte[] Pack(IEnumerable<string> lines)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        using (var writer = new StreamWriter(zip, new UTF8Encoding(false)))
            foreach (var line in lines) writer.Write(line + "\n");
        return packed.ToArray();
    }

    private static IEnumerable<string[]> Unpack(byte[] packed, int fields)
    {
        using var reader = new StreamReader(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress), Encoding.UTF8);
        while (reader.ReadLine() is { } line)
            yield return line.Split('\t') is { } found && found.Length == fields ? found : throw new InvalidDataException("A line of a frozen list is damaged.");
    }
}
