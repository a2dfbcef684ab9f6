using System.CommandLine;
using OpenIddict.Abstractions;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin client add|list|remove</c>: the programs that may ask for tokens, for the operator of the machine.</summary>
internal static class Client
{
    public static Command Command => new("client", "Programs that may ask for tokens (SMART on FHIR): add, list, remove") { Add(), List(), Remove() };

    private static Command Add()
    {
        var command = new Command("add", "Register an application (with --redirect) or a backend service (with --keys, or a secret on standard input)");
        var record = RecordOptions.AddTo(command);
        var id = new Argument<string>("id") { Description = "Client id" };
        var name = new Option<string>("--name") { Description = "Name shown to people" };
        var scopes = new Option<string>("--scope") { Description = "Scopes it may ask for, with blanks between", Required = true };
        var redirect = new Option<string[]>("--redirect") { Description = "Redirect address; may be repeated", DefaultValueFactory = _ => [] };
        var launch = new Option<string>("--launch") { Description = "Address that an EHR launch opens" };
        var organisation = new Option<string>("--organisation") { Description = "Whose people a backend service reaches" };
        var keys = new Option<FileInfo>("--keys") { Description = "File with its public keys, a JSON Web Key Set" };
        var secret = new Option<bool>("--secret") { Description = "Read a secret from standard input" };
        command.Arguments.Add(id);
        foreach (var option in new Option[] { name, scopes, redirect, launch, organisation, keys, secret }) command.Options.Add(option);
        command.SetAction((result, cancel) => User.WithServicesAsync(record.Engine(result), async (services, _) =>
        {
            var client = new NewClient
            {
                Id = result.GetValue(id)!, Name = result.GetValue(name) ?? result.GetValue(id)!,
                Scopes = result.GetValue(scopes)!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                Redirects = result.GetValue(redirect)!, LaunchAddress = result.GetValue(launch), Organisation = result.GetValue(organisation),
                KeySet = result.GetValue(keys) is { } file ? await File.ReadAllTextAsync(file.FullName, cancel) : null,
                Secret = result.GetValue(secret) ? Console.ReadLine() : null,
            };
            var problems = await client.MakeAsync(services.GetRequiredService<IOpenIddictApplicationManager>(), cancel);
            if (problems.Count > 0) throw new InvalidOperationException(string.Join(" ", problems));
            Console.WriteLine($"{client.Id} is registered.");
        }, cancel));
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List the programs");
        var record = RecordOptions.AddTo(command);
        command.SetAction((result, cancel) => User.WithServicesAsync(record.Engine(result), async (services, _) =>
        {
            var clients = services.GetRequiredService<IOpenIddictApplicationManager>();
            await foreach (var client in clients.ListAsync(cancellationToken: cancel))
                Console.WriteLine($"{await clients.GetClientIdAsync(client, cancel)}\t{await clients.GetDisplayNameAsync(client, cancel)}");
        }, cancel));
        return command;
    }

    private static Command Remove()
    {
        var command = new Command("remove", "Take a program's registration and its tokens away");
        var record = RecordOptions.AddTo(command);
        var id = new Argument<string>("id");
        command.Arguments.Add(id);
        command.SetAction((result, cancel) => User.WithServicesAsync(record.Engine(result), async (services, _) =>
        {
            var clients = services.GetRequiredService<IOpenIddictApplicationManager>();
            var client = await clients.FindByClientIdAsync(result.GetValue(id)!, cancel) ?? throw new InvalidOperationException("There is no such client.");
            await clients.DeleteAsync(client, cancel);
            Console.WriteLine($"{result.GetValue(id)} is removed.");
        }, cancel));
        return command;
    }
}
