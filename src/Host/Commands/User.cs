using System.CommandLine;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Tongxin.Kernel.Access;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin user add|list|disable</c>: accounts, for the operator of the machine.</summary>
internal static class User
{
    public static Command Command => new("user", "Accounts: add, list, disable") { Add(), List(), Disable() };

    private static Command Add()
    {
        var command = new Command("add", "Make an account; the password is asked for or read from standard input");
        var record = RecordOptions.AddTo(command);
        var name = new Argument<string>("name") { Description = "Name for signing in" };
        var post = new Option<string[]>("--post") { Description = "Role and organisation, e.g. \"VillageDoctor t01v01\"; may be repeated", Required = true };
        var person = new Option<string>("--person") { Description = "Who it is in the record, e.g. Practitioner/d-t01v01 or Patient/p1" };
        var fullName = new Option<string>("--full-name") { Description = "Name shown to others" };
        command.Arguments.Add(name);
        foreach (var option in new Option[] { post, person, fullName }) command.Options.Add(option);
        command.SetAction((result, cancel) => WithAccountsAsync(record.Engine(result), async (accounts, _) =>
        {
            var posts = result.GetValue(post)!.Select(p => Post.Parse(p) ?? throw new InvalidOperationException($"'{p}' is not a role, or a role and an organisation.")).ToList();
            var problems = await NewAccount.MakeAsync(accounts, new()
            {
                Name = result.GetValue(name)!, DisplayName = result.GetValue(fullName) ?? "", Password = Password(), Posts = posts,
                Subject = result.GetValue(person) ?? $"Practitioner/{NewAccount.IdFrom(result.GetValue(name)!)}",
            });
            if (problems.Count > 0) throw new InvalidOperationException(string.Join(" ", problems));
            Console.WriteLine($"{result.GetValue(name)} can sign in.");
        }, cancel));
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List the accounts");
        var record = RecordOptions.AddTo(command);
        command.SetAction((result, cancel) => WithAccountsAsync(record.Engine(result), async (_, db) =>
        {
            await foreach (var account in db.Users.AsNoTracking().OrderBy(u => u.UserName).AsAsyncEnumerable())
                Console.WriteLine($"{account.UserName}\t{account.DisplayName}\t{account.Posts.Replace('\n', ',')}\t{account.Subject}{(account.IsDisabled ? "\tdisabled" : "")}");
        }, cancel));
        return command;
    }

    private static Command Disable()
    {
        var command = new Command("disable", "End an account's sessions and let it in no more");
        var record = RecordOptions.AddTo(command);
        var name = new Argument<string>("name");
        command.Arguments.Add(name);
        command.SetAction((result, cancel) => WithAccountsAsync(record.Engine(result), async (accounts, _) =>
        {
            var account = await accounts.FindByNameAsync(result.GetValue(name)!) ?? throw new InvalidOperationException("There is no such account.");
            account.IsDisabled = true;
            await accounts.UpdateSecurityStampAsync(account);
            Console.WriteLine($"{account.UserName} is disabled.");
        }, cancel));
        return command;
    }

    private static string Password()
    {
        if (!Console.IsInputRedirected) Console.Error.Write("Password: ");
        return Console.ReadLine() ?? throw new InvalidOperationException("A password is needed on standard input.");
    }

    private static Task<int> WithAccountsAsync(RecordEngine engine, Func<UserManager<Account>, AccountsDb, Task> work, CancellationToken cancel) =>
        WithServicesAsync(engine, (services, db) => work(services.GetRequiredService<UserManager<Account>>(), db), cancel);

    /// <summary>Sign-in without a server: what works on accounts and clients from the command line.</summary>
    internal static Task<int> WithServicesAsync(RecordEngine engine, Func<IServiceProvider, AccountsDb, Task> work, CancellationToken cancel) => Refusals.ToldAsync(async () =>
    {
        Directory.CreateDirectory(engine.Folder);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(engine).AddSingleton(TimeProvider.System);
        services.AddSignIn(engine, new());
        await using var provider = services.BuildServiceProvider();
        await provider.PrepareSignInAsync(cancel);
        await using var scope = provider.CreateAsyncScope();
        await work(scope.ServiceProvider, scope.ServiceProvider.GetRequiredService<AccountsDb>());
    });
}
