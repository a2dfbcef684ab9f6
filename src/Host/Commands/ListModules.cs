using System.CommandLine;
using Tongxin.Modules;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin modules</c>: which health systems this build holds.</summary>
internal static class ListModules
{
    public static Command Command
    {
        get
        {
            var command = new Command("modules", "List the health systems of this build");
            command.SetAction(_ =>
            {
                foreach (var system in Catalogue.All) Console.WriteLine($"{system.Name,-24} {system.Title}  {system.TitleInEnglish}");
            });
            return command;
        }
    }
}
