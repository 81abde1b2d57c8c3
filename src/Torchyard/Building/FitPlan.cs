using Torchyard.Gpus.Fit;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Versions;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>The stacks that were chosen for the machines of a lock, before anything is resolved.</summary>
internal sealed record FitPlan
{
    /// <summary>What was asked for.</summary>
    public required FitRequest Request { get; init; }

    /// <summary>One stack for all machines, or the smallest set.</summary>
    public required IReadOnlyList<FleetStack> Stacks { get; init; }

    /// <summary>Who named the machines.</summary>
    public required FitOrigin Origin { get; init; }

    /// <summary><c>--torch</c>, or null.</summary>
    public string? AskedTorch { get; init; }

    /// <summary><c>--build</c>, or null.</summary>
    public string? AskedBuild { get; init; }

    /// <summary><c>--glibc</c>, or null.</summary>
    public string? AskedGlibc { get; init; }
}

/// <summary>The interpreter of the image's base system.</summary>
/// <param name="Target">What its wheels must fit.</param>
/// <param name="Python">Its full version.</param>
internal sealed record ImageInterpreter(InterpreterTarget Target, PythonVersion Python)
{
    /// <summary>CPython as wheels name it, e.g. <c>3.13</c>.</summary>
    public string Line => $"3.{Target.Minor}";
}
