namespace Tongxin.Fhir.Tests;

/// <summary>Third-party data and test vectors that lie beside the repository and are not committed.</summary>
internal static class SharedData
{
    private static readonly string? Folder = Find();

    /// <summary>Skips the test with a clear sentence when the data are not on this machine.</summary>
    public static string Path(string relative)
    {
        Assert.SkipWhen(Folder is null, "The folder 'shared/data' beside the repository is absent.");
        return System.IO.Path.Combine(Folder!, relative);
    }

    private static string? Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(System.IO.Path.Combine(at.FullName, "Tongxin.slnx")))
            {
                var data = System.IO.Path.Combine(at.Parent!.FullName, "shared", "data");
                return Directory.Exists(data) ? data : null;
            }

        return null;
    }
}
