using Tongxin.Web;

namespace Tongxin.Modules.Hypertension;

/// <summary>高血压患者健康管理: a programme of definitions only; forms, rules, plan and cases lie in this folder and are interpreted by the Kernel.</summary>
public sealed class HypertensionModule : HealthSystem
{
    public override string Title => "高血压患者健康管理";

    public override string TitleInEnglish => "Hypertension";
}
