using System.Net;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Testing.Loopback;

namespace Torchyard.Platform.Tests.Http;

/// <summary>Whoever asks may refuse the address that a name leads to: nothing goes to it then.</summary>
public sealed class ReachedAddressTests
{
    [Fact]
    public async Task A_refused_address_is_told_as_it_was_refused_and_gets_no_request()
    {
        using var registry = new FakeRegistry();
        var reached = new List<IPAddress>();
        using var http = new HttpSource(
            new HttpSettings
            {
                Reached = (_, address) =>
                {
                    reached.Add(address);
                    throw new TorchyardException("TY6011", "it leads inside", "do not use it");
                },
            }
        );
        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            http.GetAsync(new Uri($"http://{registry.Name}/v2/"), null, TestContext.Current.CancellationToken)
        );
        Assert.Equal(("TY6011", "it leads inside", "do not use it"), (failure.Code, failure.Message, failure.Cure));
        Assert.Equal([IPAddress.Loopback], reached.Select(address => address.MapToIPv4()));
        Assert.Empty(registry.Requests);
    }
}
