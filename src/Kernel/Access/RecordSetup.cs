using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tongxin.Fhir.Validation;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Records.Search;
using Tongxin.Kernel.Records.Sqlite;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.Access;

/// <summary>Opens the record and puts its door, and what the door needs, among the services of an application.</summary>
public static class RecordSetup
{
    private const string AnchorFile = "audit.head";

    /// <remarks>Register <see cref="AccessRules"/>, <see cref="SearchMeaning"/> or a <see cref="TimeProvider"/> of your own before.</remarks>
    /// <exception cref="InvalidOperationException">The engine cannot keep the record; one sentence says why.</exception>
    public static async Task<IServiceCollection> AddRecordAsync(this IServiceCollection services, RecordEngine engine, CancellationToken cancel)
    {
        var (store, upkeep, audit) = await OpenedAsync(engine, cancel);
        // By factories, so that the container closes the store when the application ends.
        services.AddSingleton(_ => store);
        services.AddSingleton(_ => audit);
        services.AddSingleton(upkeep);
        services.AddSingleton(engine);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(p => new AccessRules { Validate = resource => p.GetRequiredService<Validator>().Validate(resource) });
        services.AddSingleton<Codes>();
        services.AddSingleton(p => new RecordedCodes(
            p.GetRequiredService<IRecordStore>(), p.GetRequiredService<Codes>(), p.GetRequiredService<Pinyin>(), p.GetRequiredService<TimeProvider>(),
            p.GetService<ILogger<RecordedCodes>>() ?? NullLogger<RecordedCodes>.Instance));
        services.AddHostedService(p => p.GetRequiredService<RecordedCodes>());
        services.TryAddSingleton(p => new SearchMeaning { Clock = p.GetRequiredService<TimeProvider>() }.With(p.GetRequiredService<Codes>()));
        services.AddSingleton(p => new IdSource(p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SearchQuery>();
        services.AddSingleton<Pinyin>();
        services.AddSingleton(p => new SearchIndex(readings: Readings(p.GetRequiredService<Pinyin>())));
        services.AddSingleton(p => new RecordUpkeep(upkeep, p.GetRequiredService<SearchIndex>()));
        services.AddSingleton(p => ResourceValidation.Create(p.GetRequiredService<Codes>().IsMember));
        AddDoor(services, engine);
        return services;
    }

    private static void AddDoor(IServiceCollection services, RecordEngine engine)
    {
        services.AddSingleton(p =>
        {
            // Made after the store, so that it is closed before it: closing writes what is queued.
            p.GetRequiredService<IRecordStore>();
            return new AuditTrail(p.GetRequiredService<IAuditStore>(), new(Path.Combine(engine.Folder, AnchorFile)), AuditArchive.Of(engine),
                p.GetRequiredService<TimeProvider>(), p.GetService<ILogger<AuditTrail>>() ?? NullLogger<AuditTrail>.Instance);
        });
        services.AddSingleton(_ => AuditMask.Of(engine));
        services.AddSingleton(p => new OrganisationTree(p.GetRequiredService<IRecordStore>(), p.GetRequiredService<TimeProvider>()));
        services.AddHostedService(p => p.GetRequiredService<AuditTrail>());
        services.AddHostedService(p => p.GetRequiredService<OrganisationTree>());
        services.AddSingleton(p => new AuditArchiving(p.GetRequiredService<IAuditStore>(), AuditArchive.Of(engine), p.GetRequiredService<TimeProvider>(),
            p.GetService<ILogger<AuditArchiving>>() ?? NullLogger<AuditArchiving>.Instance));
        services.AddHostedService(p => p.GetRequiredService<AuditArchiving>());
        services.AddHostedService(p => new AlertWatch(p.GetRequiredService<RecordAccess>(), p.GetRequiredService<AuditTrail>(), engine, p.GetRequiredService<TimeProvider>(),
            p.GetService<ILogger<AlertWatch>>() ?? NullLogger<AlertWatch>.Instance));
        services.AddSingleton(p => new Commits(
            p.GetRequiredService<IRecordStore>(), p.GetRequiredService<OrganisationTree>(), p.GetRequiredService<SearchIndex>(), p.GetRequiredService<SearchQuery>(),
            p.GetRequiredService<IdSource>(), p.GetRequiredService<AccessRules>(), p.GetRequiredService<RecordedCodes>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new RecordFeed(p.GetRequiredService<IRecordStore>()));
        services.AddSingleton(p => new RecordAccess(
            p.GetRequiredService<IRecordStore>(), p.GetRequiredService<OrganisationTree>(), p.GetRequiredService<AuditTrail>(), p.GetRequiredService<SearchQuery>(),
            p.GetRequiredService<Commits>(), p.GetRequiredService<AuditMask>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(_ => new OutgoingAddresses(engine.Folder));
        services.AddSingleton(p => new RecordEvents(p.GetRequiredService<IRecordStore>(), p.GetRequiredService<RecordAccess>(), p.GetRequiredService<TimeProvider>()));
        services.AddHostedService(p => new HookWatch(
            p.GetRequiredService<IRecordStore>(), p.GetRequiredService<RecordEvents>(), p.GetRequiredService<RecordAccess>(), p.GetRequiredService<SearchQuery>(),
            p.GetRequiredService<OutgoingAddresses>(), p.GetRequiredService<TimeProvider>(), p.GetService<ILogger<HookWatch>>() ?? NullLogger<HookWatch>.Instance));
    }

    private static async Task<(IRecordStore Store, IRecordUpkeep Upkeep, IAuditStore Audit)> OpenedAsync(RecordEngine engine, CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(engine.Folder);
        }
        catch (Exception fault) when (OpeningFault.OfFolder(fault, engine.Folder) is { } told)
        {
            throw new InvalidOperationException(told, fault);
        }

        try
        {
            return await OpenAsync(engine, cancel);
        }
        catch (Exception fault) when (engine is RecordEngine.Postgres postgres && OpeningFault.OfPostgres(fault, postgres.Connection) is { } told)
        {
            throw new InvalidOperationException(told, fault);
        }
        catch (Exception fault) when (engine is RecordEngine.Sqlite && OpeningFault.OfFolder(fault, engine.Folder) is { } told)
        {
            throw new InvalidOperationException(told, fault);
        }
    }

    private static async Task<(IRecordStore Store, IRecordUpkeep Upkeep, IAuditStore Audit)> OpenAsync(RecordEngine engine, CancellationToken cancel)
    {
        switch (engine)
        {
            case RecordEngine.Postgres postgres:
                var options = new PostgresOptions { ConnectionString = postgres.Connection, Unsafe = postgres.Unsafe };
                var store = await PostgresStore.OpenAsync(options, cancel);
                return (store, store.Upkeep, await PostgresAudit.OpenAsync(options, cancel));
            case RecordEngine.Sqlite sqlite:
                var file = SqliteStore.Open(sqlite.Data);
                return (file, file.Upkeep, file.Audit);
            default:
                throw new InvalidOperationException($"There is no engine for {engine}.");
        }
    }

    private static Func<string, IEnumerable<string>> Readings(Pinyin pinyin) => name =>
    {
        var reading = pinyin.OfName(name);
        return reading.Full.Length is 0 ? [] : [reading.Full, reading.Initials];
    };
}
