using System.CommandLine;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin token</c>: a short-lived bearer token for scripts, for whoever can read the data folder.</summary>
internal static class Token
{
    private const int DefaultMinutes = 60;

    public static Command Command
    {
        get
        {
            var command = new Command("token", "Print a short-lived bearer token for the FHIR API");
            var record = RecordOptions.AddTo(command);
            var scope = new Option<string>("--scope") { Description = "SMART scopes with blanks between, e.g. \"system/*.cruds\"", Required = true };
            var minutes = new Option<int>("--minutes") { Description = "How long it lives, at most 12 hours", DefaultValueFactory = _ => DefaultMinutes };
            command.Options.Add(scope);
            command.Options.Add(minutes);
            command.SetAction((result, _) => Refusals.ToldAsync(() =>
            {
                var scopes = result.GetValue(scope)!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                foreach (var text in scopes)
                    if (!Kernel.Access.SmartScope.TryParse(text, out var _)) throw new InvalidOperationException($"'{text}' is not a SMART scope such as system/Patient.rs.");
                Console.WriteLine(new Tokens(record.Engine(result), TimeProvider.System).ForOperator(scopes, TimeSpan.FromMinutes(result.GetValue(minutes))));
                return Task.CompletedTask;
            }));
            return command;
        }
    }
}
