def test_x():
    import jwt_extended

    print(jwt_extended.__file__)
    assert 0
