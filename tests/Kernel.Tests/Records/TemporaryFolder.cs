namespace Tongxin.Kernel.Tests.Records;

/// <summary>A folder for the length of a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tongxin-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
