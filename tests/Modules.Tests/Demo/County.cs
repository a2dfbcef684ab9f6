using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Host;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Modules.Tests.Demo;

/// <summary>A synthetic county in a record of its own, seeded once for the tests of a class, and the truth about it as its file says.</summary>
public sealed class County : IAsyncLifetime
{
    private const int Residents = 2_600;
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-county-").FullName;
    private readonly Dictionary<string, IReadOnlyDictionary<string, JsonElement>> all = new(StringComparer.Ordinal);

    public static DateOnly Day { get; } = DateOnly.FromDateTime(DateTimeOffset.UtcNow.ToOffset(TimeSpan.FromHours(8)).DateTime);

    public WebApplication App { get; private set; } = null!;

    internal ILookup<string, Planted> Truth { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var data = Path.Combine(folder, "data");
        App = await Serving.BuildAsync(new(new RecordEngine.Sqlite(data), "http://127.0.0.1:0"), CancellationToken.None);
        var county = new SyntheticCounty(20_170_228, Residents, Day);
        await new Seeding(App.Services.GetRequiredService<RecordAccess>(), App.Services.GetRequiredService<ServiceCatalogue>())
            .RunAsync(county, new Progress<int>(), CancellationToken.None);
        await TruthFile.WriteAsync(TruthFile.Beside(data), county.Truth(), CancellationToken.None);
        Truth = TruthFile.Read(TruthFile.Beside(data)).ToLookup(p => p.Kind, StringComparer.Ordinal);
    }

    /// <summary>Every resource of a type, by id.</summary>
    public async Task<IReadOnlyDictionary<string, JsonElement>> AllAsync(string type)
    {
        if (all.TryGetValue(type, out var known)) return known;
        var (found, cursor) = (new Dictionary<string, JsonElement>(StringComparer.Ordinal), (string?)null);
        do
        {
            var query = "_count=500" + (cursor is null ? "" : $"&_cursor={Uri.EscapeDataString(cursor)}");
            var page = await App.Services.GetRequiredService<RecordAccess>().SearchAsync(Caller.System("test"), type, query, CancellationToken.None);
            foreach (var stored in page.Matches)
            {
                using var json = JsonDocument.Parse(stored.Body);
                found[stored.Key.Id] = json.RootElement.Clone();
            }

            cursor = page.Next;
        }
        while (cursor is not null);
        return all[type] = found;
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync(CancellationToken.None);
        await App.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
