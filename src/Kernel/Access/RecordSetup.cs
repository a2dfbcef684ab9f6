using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir.Validation;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Records.Search;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.Access;

/// <summary>Opens the record and puts its door, and what the door needs, among the services of an application.</summary>
public static class RecordSetup
{
    /// <exception cref="InvalidOperationException">The engine cannot keep the record; one sentence says why.</exception>
    public static async Task<IServiceCollection> AddRecordAsync(this IServiceCollection services, RecordEngine engine, CancellationToken cancel)
    {
        var (store, upkeep) = await OpenAsync(engine, cancel);
        // By factories, so that the container closes the store when the application ends.
        services.AddSingleton(_ => store);
        services.AddSingleton(upkeep);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new IdSource(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SearchMeaning>();
        services.AddSingleton<SearchQuery>();
        services.AddSingleton<Pinyin>();
        services.AddSingleton(provider => new SearchIndex(readings: Readings(provider.GetRequiredService<Pinyin>())));
        services.AddSingleton(provider => new RecordAccess(store, provider.GetRequiredService<Preparation>()));
        services.AddSingleton(provider => new RecordUpkeep(upkeep, provider.GetRequiredService<SearchIndex>()));
        services.AddSingleton(_ => ResourceValidation.Create());
        services.AddSingleton(provider => new Preparation(
            provider.GetRequiredService<SearchIndex>(), provider.GetRequiredService<SearchQuery>(), provider.GetRequiredService<IdSource>(),
            provider.GetRequiredService<TimeProvider>(), Rules(store, provider.GetRequiredService<Validator>())));
        return services;
    }

    private static async Task<(IRecordStore Store, IRecordUpkeep Upkeep)> OpenAsync(RecordEngine engine, CancellationToken cancel)
    {
        switch (engine)
        {
            case RecordEngine.Postgres postgres:
                var store = await PostgresStore.OpenAsync(new() { ConnectionString = postgres.Connection, Unsafe = postgres.Unsafe }, cancel);
                return (store, store.Upkeep);
            default:
                throw new InvalidOperationException("This build keeps the record in PostgreSQL only.");
        }
    }

    private static PreparationRules Rules(IRecordStore store, Validator validator) => new()
    {
        Validate = resource => validator.Validate(resource),
        Find = async (condition, cancel) =>
            [.. (await store.SearchAsync(condition with { Count = 2 }, new Visibility.Everything(), cancel)).Matches.Select(m => m.Key)],
    };

    private static Func<string, IEnumerable<string>> Readings(Pinyin pinyin) => name =>
    {
        var reading = pinyin.OfName(name);
        return reading.Full.Length is 0 ? [] : [reading.Full, reading.Initials];
    };
}
