using Torchyard.Containers.Requests;
using Torchyard.Flows.Hosts;

namespace Torchyard.Flows.Running;

/// <summary>The variables that the caller names for a program in a container.</summary>
internal static class PassedVariables
{
    /// <summary><c>NAME=VALUE</c> as it is; a bare <c>NAME</c> takes the caller's value and is left out when there is none.</summary>
    public static IReadOnlyList<string> Of(Caller caller, IEnumerable<string> values) =>
        [.. values.Select(value => EnvironmentSyntax.Variable(value, caller.Text)).OfType<string>()];
}
