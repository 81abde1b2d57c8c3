using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>What beside the requirements decides a resolution.</summary>
public sealed record ResolveOptions
{
    /// <summary>Constraints (PEP 508) that must hold, such as those of the GPU fit.</summary>
    public IReadOnlyList<string> Constraints { get; init; } = [];

    /// <summary>Distributions of an earlier lock: their versions are kept as long as the requirements allow it.</summary>
    public IReadOnlyList<LockedPythonPackage> Keep { get; init; } = [];

    /// <summary>The interpreter, when it is known: wheels that it does not take are not offered to pip.</summary>
    public InterpreterTarget? Target { get; init; }

    /// <summary>What markers are judged by before pip is asked; null to leave all to pip.</summary>
    public MarkerEnvironment? Environment { get; init; }

    /// <summary>What is being built, outermost first, when this resolves what a build needs.</summary>
    public IReadOnlyList<string> BuildChain { get; init; } = [];
}

/// <summary>An answer.</summary>
/// <param name="Locked">The Python part of the lock.</param>
/// <param name="Metadata">METADATA of its distributions, as far as it was read.</param>
public sealed record PythonResolution(LockedPython Locked, IReadOnlyList<WheelMetadata> Metadata);
