using System.CommandLine;
using Tongxin.Host.Commands;

// The table of contents of the executable: one file of Commands for each.
var root = new RootCommand("Tongxin 同心: the health record of a county, the services on it and the numbers from it")
{
    Demo.Command,
    Seed.Command,
    Serve.Command,
    Token.Command,
    User.Command,
    Client.Command,
    ImportFiles.Command,
    ImportRolls.Command,
    Export.Command,
    Views.Command,
    Backups.Backup,
    Backups.Restore,
    Verify.Command,
    Rebuild.Command,
    ImportOrganisations.Command,
    Match.Command,
    Terms.Command,
    ListModules.Command,
    Programme.Command,
};

return await root.Parse(args).InvokeAsync();
