using System.Diagnostics;

namespace Tongxin.Fhir.Tests;

/// <summary>An archive of the shared data, unpacked for the length of a test.</summary>
internal sealed class Archive : IDisposable
{
    private Archive(string path) => Path = path;

    public string Path { get; }

    public static Archive Extract(string relative)
    {
        var archive = new Archive(Directory.CreateTempSubdirectory("tongxin-data-").FullName);
        using var tar = Process.Start("tar", ["-xf", SharedData.Path(relative), "-C", archive.Path]);
        tar.WaitForExit();
        Assert.Equal(0, tar.ExitCode);
        return archive;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
