using System.Diagnostics;
using System.Formats.Tar;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>The 5,306 examples of FHIR R4, read once per run.</summary>
internal static class R4Examples
{
    private const string Archive = "fhir-r4/hl7.fhir.r4.examples-4.0.1.tar.xz";

    private static readonly Lazy<IReadOnlyList<(string Name, byte[] Bytes)>> Loaded = new(Load);

    /// <summary>Skips the test when the data or <c>xz</c> are not on this machine.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> All()
    {
        SharedData.Path(Archive);
        return Loaded.Value;
    }

    private static List<(string Name, byte[] Bytes)> Load()
    {
        using var xz = Process.Start(new ProcessStartInfo("xz", ["-dc", SharedData.Path(Archive)]) { RedirectStandardOutput = true })!;
        using var tar = new TarReader(xz.StandardOutput.BaseStream);
        var found = new List<(string, byte[])>();
        while (tar.GetNextEntry() is { } entry)
        {
            var name = Path.GetFileName(entry.Name);
            if (!name.EndsWith(".json", StringComparison.Ordinal) || name is "package.json" or ".index.json" || entry.DataStream is null) continue;
            var bytes = new byte[entry.Length];
            entry.DataStream.ReadExactly(bytes);
            found.Add((name, bytes));
        }

        return found;
    }
}
