namespace Tongxin.Architecture;

/// <summary>House style that a machine can hold: short files and lines, telling names, no strangers' paths.</summary>
public sealed class Tidy
{
    private const int LongestFile = 400;
    private const int LongestLine = 180;
    private static readonly string[] EmptyFolderNames = ["Common", "Shared", "Core", "Utils", "Helpers", "Misc"];
    private static readonly string[] EmptySuffixes = ["Manager", "Helper", "Util", "Utils", "Processor", "Impl", "Base"];

    [Fact]
    public void No_source_file_is_longer_than_400_lines() => Fail(
        from file in Sources()
        let lines = Repository.Read(file).Count(c => c is '\n')
        where lines > LongestFile
        select $"{file}: {lines} lines");

    [Fact]
    public void No_line_of_code_is_longer_than_180_characters() => Fail(
        from file in Sources()
        where file.EndsWith(".cs", StringComparison.Ordinal)
        from line in Repository.Read(file).Split('\n').Index()
        where line.Item.Length > LongestLine
        select $"{file}:{line.Index + 1}: {line.Item.Length} characters");

    [Fact]
    public void No_folder_has_a_name_that_means_nothing() => Fail(
        (from file in Repository.Files
         where file.StartsWith("src/", StringComparison.Ordinal)
         from part in file.Split('/').SkipLast(1)
         where EmptyFolderNames.Contains(part)
         select file).Distinct());

    [Fact]
    public void No_type_file_has_a_suffix_that_means_nothing() => Fail(
        from file in Sources()
        where file.StartsWith("src/", StringComparison.Ordinal)
        let name = Path.GetFileNameWithoutExtension(file)
        where EmptySuffixes.Any(s => name.EndsWith(s, StringComparison.Ordinal))
        select file);

    [Fact]
    public void No_file_is_bigger_than_a_mebibyte() => Fail(
        from file in Repository.Files
        let size = new FileInfo(Path.Combine(Repository.Root, file)).Length
        where size > 1 << 20
        select $"{file}: {size} bytes");

    [Fact]
    public void Nothing_is_left_unfinished() => Fail(
        from file in Sources()
        where file.StartsWith("src/", StringComparison.Ordinal)
        from line in Repository.Read(file).Split('\n').Index()
        from word in new[] { "NotImplementedException", "TODO", "FIXME", "HACK" }
        where line.Item.Contains(word, StringComparison.Ordinal)
        select $"{file}:{line.Index + 1}: {word}");

    internal static void Fail(IEnumerable<string> wrong)
    {
        var list = wrong.ToList();
        Assert.True(list.Count is 0, string.Join('\n', list.Take(40)) + (list.Count > 40 ? $"\n… and {list.Count - 40} more" : ""));
    }

    private static IEnumerable<string> Sources() => Repository.Files.Where(f =>
        f.EndsWith(".cs", StringComparison.Ordinal) || f.EndsWith(".razor", StringComparison.Ordinal));
}
