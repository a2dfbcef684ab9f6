using Mono.Cecil;

namespace Tongxin.Architecture;

/// <summary>The arrows of ARCHITECTURE.md: each project, and each folder of the Kernel, sees only what stands before it.</summary>
public sealed class ArrowTests
{
    private static readonly string[] Projects = ["Fhir", "Kernel", "Web", "Modules", "Host"];

    private static readonly string[] Kernel = ["Terminology", "Records", "Access", "People", "Programmes", "Measures"];

    private static readonly string[] Forms = ["Fhir", "Forms"];

    [Fact]
    public void A_project_refers_only_to_projects_before_it()
    {
        var wrong =
            from file in Repository.Files
            where file.StartsWith("src/", StringComparison.Ordinal) && file.EndsWith(".csproj", StringComparison.Ordinal)
            let project = Path.GetFileNameWithoutExtension(file)
            from line in Repository.Read(file).Split('\n')
            where line.Contains("<ProjectReference", StringComparison.Ordinal)
            let target = Path.GetFileNameWithoutExtension(line.Split('"')[1])
            let order = project is "Forms" ? Forms : Projects
            where project is not "Host" || target is not "Forms"
            where Array.IndexOf(order, target) < 0 || Array.IndexOf(order, target) >= Array.IndexOf(order, project)
            select $"{project} → {target}";

        Tidy.Fail(wrong);
    }

    [Fact]
    public void A_kernel_folder_uses_only_the_folders_before_it()
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, "Tongxin.Kernel.dll"));
        var wrong =
            from type in assembly.MainModule.GetTypes()
            let folder = FolderOf(type.FullName)
            where folder is not null
            from used in Uses(type)
            let target = FolderOf(used)
            where target is not null && Array.IndexOf(Kernel, target) > Array.IndexOf(Kernel, folder)
            select $"{folder} → {target}: {type.FullName} uses {used}";

        Tidy.Fail(wrong.Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public void Fhir_needs_no_package_and_no_server()
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, "Tongxin.Fhir.dll"));
        var wrong =
            from reference in assembly.MainModule.AssemblyReferences
            where !reference.Name.StartsWith("System.", StringComparison.Ordinal) || reference.Name.StartsWith("System.Data", StringComparison.Ordinal)
            select reference.Name;

        Tidy.Fail(wrong);
    }

    [Fact]
    public void The_store_is_not_visible_outside_the_kernel()
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, "Tongxin.Kernel.dll"));

        Assert.False(assembly.MainModule.GetType("Tongxin.Kernel.Records.IRecordStore").IsPublic);
        Tidy.Fail(
            from attribute in assembly.CustomAttributes
            where attribute.AttributeType.Name is "InternalsVisibleToAttribute"
            let friend = (string)attribute.ConstructorArguments[0].Value
            where !friend.Contains("Tests", StringComparison.Ordinal) && friend is not ("Tongxin.Faults" or "Tongxin.Bench")
            select $"{friend} can see the Kernel's internals");
    }

    private static string? FolderOf(string type)
    {
        const string root = "Tongxin.Kernel.";
        if (!type.StartsWith(root, StringComparison.Ordinal)) return null;
        var folder = type[root.Length..].Split('.', '/')[0];
        return Array.IndexOf(Kernel, folder) >= 0 ? folder : null;
    }

    private static IEnumerable<string> Uses(TypeDefinition type) =>
        type.Fields.Select(f => f.FieldType)
            .Concat(type.Methods.SelectMany(m => m.Parameters.Select(p => p.ParameterType).Append(m.ReturnType)))
            .Concat(type.Interfaces.Select(i => i.InterfaceType))
            .Concat(type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Instructions).SelectMany(Operands))
            .Append(type.BaseType ?? type)
            .SelectMany(WithArguments)
            .Select(t => t.FullName);

    private static IEnumerable<TypeReference> Operands(Mono.Cecil.Cil.Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        MemberReference { DeclaringType: not null } member => [member.DeclaringType],
        _ => [],
    };

    private static IEnumerable<TypeReference> WithArguments(TypeReference type) =>
        type is GenericInstanceType generic ? generic.GenericArguments.SelectMany(WithArguments).Append(type.GetElementType()) : [type.GetElementType()];
}
