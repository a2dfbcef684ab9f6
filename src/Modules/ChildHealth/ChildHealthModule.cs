using Tongxin.Web;

namespace Tongxin.Modules.ChildHealth;

/// <summary>0～6 岁儿童健康管理: newborn visit, examinations by age, growth on the WHO reference, development warning signs, TCM guidance.</summary>
/// <remarks>Definitions only; vaccination is not in it.</remarks>
public sealed class ChildHealthModule : HealthSystem
{
    public override string Title => "0～6 岁儿童健康管理";

    public override string TitleInEnglish => "Child health";
}
