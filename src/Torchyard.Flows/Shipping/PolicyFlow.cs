using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Policies;
using Torchyard.Registry.References;

namespace Torchyard.Flows.Shipping;

/// <summary>Says what the policy of this machine allows.</summary>
internal sealed class PolicyFlow(Host host)
{
    /// <summary>Asks.</summary>
    /// <param name="image">For which image; null for all rules.</param>
    /// <exception cref="TorchyardException">TY6030: the policy cannot be used; TY6031: it refuses the image.</exception>
    public PolicyAnswer Ask(string? image)
    {
        var policy = host.Policy();
        return image is null
            ? new PolicyAnswer(policy, policy.Rules, null)
            : new PolicyAnswer(policy, policy.Require(ImageReference.Parse(image)) is { } rule ? [rule] : [], true);
    }
}

/// <summary>What a policy says.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Rules">All rules, or the one that decides.</param>
/// <param name="Allowed">True for an image that was asked for; null for none.</param>
internal sealed record PolicyAnswer(SitePolicy Policy, IReadOnlyList<PolicyRule> Rules, bool? Allowed);
