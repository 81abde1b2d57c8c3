namespace Torchyard.Machine.Gpus;

/// <summary>The bits of nvmlClocksEventReasons (nvml.h) in words.</summary>
public static class ClockReasons
{
    private static readonly (ulong Bit, string Text, bool Harmful)[] Known =
    [
        (0x001, "idle", false),
        (0x002, "application clocks are set", false),
        (0x004, "power limit", false),
        (0x008, "hardware slowdown", true),
        (0x010, "synchronised boost", false),
        (0x020, "too hot (software)", true),
        (0x040, "too hot (hardware)", true),
        (0x080, "power brake from the power supply", true),
        (0x100, "display clocks", false),
    ];

    /// <summary>All reasons.</summary>
    public static IReadOnlyList<string> All(ulong bits) => [.. Known.Where(k => (bits & k.Bit) != 0).Select(k => k.Text)];

    /// <summary>Those that a healthy machine does not show: heat and hardware protection. The power limit is normal under load.</summary>
    public static IReadOnlyList<string> Harmful(ulong bits) => [.. Known.Where(k => k.Harmful && (bits & k.Bit) != 0).Select(k => k.Text)];
}
