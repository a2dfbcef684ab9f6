using System.CommandLine;
using Microsoft.AspNetCore.Connections;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin serve</c>: the platform on the web until it is told to end.</summary>
internal static class Serve
{
    private const string DefaultUrl = "http://127.0.0.1:8080";

    public static Command Command
    {
        get
        {
            var command = new Command("serve", "Serve the record and the pages");
            var record = RecordOptions.AddTo(command);
            var urls = new Option<string>("--urls") { Description = "Addresses to listen on, with semicolons between", DefaultValueFactory = _ => DefaultUrl };
            command.Options.Add(urls);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                await using var app = await Serving.BuildAsync(new ServeOptions(record.Engine(result), result.GetValue(urls)!), cancel);
                await StartedAsync(app, cancel);
                Console.WriteLine($"Tongxin listens on {string.Join(" ", app.Urls)}  (FHIR: {app.Urls.First()}/fhir)");
                if (await app.Services.GetRequiredService<FirstStart>().LinkAsync(cancel) is { } link)
                    Console.WriteLine($"Nobody can sign in yet. Open this link once to make the administrator: {app.Urls.First()}{link}");
                await app.WaitForShutdownAsync(cancel);
            }));
            return command;
        }
    }

    private static async Task StartedAsync(WebApplication app, CancellationToken cancel)
    {
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            throw new IOException($"{taken.Message.TrimEnd('.')}: name another address with --urls.", taken);
        }
    }
}
