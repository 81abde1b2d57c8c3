using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Torchyard.Platform.Http;

/// <summary>Certificates of servers whose authority this machine does not know, judged by authorities that a setting names.</summary>
public static class PrivateRoots
{
    /// <summary>True for a certificate with the right name and dates that one of these authorities has signed.</summary>
    /// <param name="certificate">What the server shows.</param>
    /// <param name="chain">What it sent along.</param>
    /// <param name="errors">What the system holds against it.</param>
    /// <param name="roots">The authorities.</param>
    public static bool Vouch(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, X509Certificate2Collection roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        if (certificate is not X509Certificate2 leaf || errors != SslPolicyErrors.RemoteCertificateChainErrors)
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.CustomTrustStore.AddRange(roots);
        foreach (var element in chain?.ChainElements.AsEnumerable() ?? [])
        {
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return own.Build(leaf);
    }
}
