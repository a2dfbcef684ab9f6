using Tongxin.Web;

namespace Tongxin.Modules.ElderlyHealth;

/// <summary>老年人健康管理与中医体质辨识: two programmes of definitions only, interpreted by the Kernel.</summary>
public sealed class ElderlyHealthModule : HealthSystem
{
    public override string Title => "老年人健康管理";

    public override string TitleInEnglish => "Health of the elderly";
}
