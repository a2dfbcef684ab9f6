using System.Globalization;
using Tongxin.Fhir;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>What could not be imported and why: a CSV with one row for each issue, written as it happens; not made when all is well.</summary>
public sealed class ErrorReport(string path) : IDisposable
{
    private readonly Lock gate = new();
    private StreamWriter? csv;

    public string Path => path;

    /// <summary>Files or lines that are not in the record.</summary>
    public int Count { get; private set; }

    /// <param name="line">From 1; 0 when the whole file is meant.</param>
    public void Add(string file, long line, RefusedException refused)
    {
        lock (gate)
        {
            Count++;
            csv ??= Begin();
            foreach (var issue in refused.Issues)
            {
                string[] row = [file, line is 0 ? "" : line.ToString(CultureInfo.InvariantCulture), issue.Expression ?? "", issue.Code, issue.Diagnostics];
                csv.WriteLine(string.Join(',', row.Select(Quoted)));
            }

            csv.Flush();
        }
    }

    public void Dispose() => csv?.Dispose();

    private StreamWriter Begin()
    {
        var writer = new StreamWriter(path);
        writer.WriteLine("file,line,place,code,problem");
        return writer;
    }

    // RFC 4180 §2; a sheet program must not take a cell for a formula.
    private static string Quoted(string field) =>
        $"\"{(field is ['=' or '+' or '-' or '@', ..] ? "'" : "")}{field.Replace("\"", "\"\"", StringComparison.Ordinal).ReplaceLineEndings(" ")}\"";
}
