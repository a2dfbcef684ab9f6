using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>Where the tables of the accounts are, and that they are there.</summary>
internal static class AccountTables
{
    private const string File = "identity.db";

    public static void Use(DbContextOptionsBuilder options, RecordEngine engine)
    {
        if (engine is RecordEngine.Postgres postgres) options.UseNpgsql(postgres.Connection);
        else options.UseSqlite($"Data Source={Path.Combine(engine.Folder, File)}");
    }

    public static async Task PrepareAsync(AccountsDb db, CancellationToken cancel)
    {
        if (!db.Database.IsNpgsql())
        {
            await db.Database.EnsureCreatedAsync(cancel);
            return;
        }

        // EnsureCreated does nothing in a database that holds the record's tables already.
        var found = await db.Database.SqlQueryRaw<bool>("SELECT to_regclass('identity.\"AspNetUsers\"') IS NOT NULL AS \"Value\"").SingleAsync(cancel);
        if (!found) await db.GetService<IRelationalDatabaseCreator>().CreateTablesAsync(cancel);
    }
}
