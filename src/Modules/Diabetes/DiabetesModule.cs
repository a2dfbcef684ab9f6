using Tongxin.Web;

namespace Tongxin.Modules.Diabetes;

/// <summary>2 型糖尿病患者健康管理: a programme of definitions only; forms, rules, plan and cases lie in this folder and are interpreted by the Kernel.</summary>
public sealed class DiabetesModule : HealthSystem
{
    public override string Title => "2型糖尿病患者健康管理";

    public override string TitleInEnglish => "Type 2 diabetes";
}
